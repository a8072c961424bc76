/** Pictures held out of training, and what is measured on them: files, record, warning, and what a change measures again. */
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  baseModel,
  caption,
  checkpoint,
  crop,
  encode,
  holdOut,
  ingest,
  pipeline,
  train,
  validate,
} from "../../src/index.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { Store } from "../../src/runtime/storage/store.ts"
import type { TrainParamsInput } from "../../src/stages/training/train-params.ts"
import { overTraining } from "../../src/stages/validate.ts"
import { error } from "../rig/told.ts"
import {
  addPicture,
  closeStudio,
  finished,
  makeStudio,
  type Outcome,
  refusal,
  runStudio,
  type Studio,
} from "./studio.ts"

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
  for (const index of [3, 4]) await addPicture(studio, index, `a photo of number ${index}`)
})
afterAll(() => closeStudio(studio))

interface Wanted {
  readonly share?: number
  readonly timesteps?: number
  readonly seed?: number
  readonly training?: TrainParamsInput
}

const validated = ({ share = 0.4, timesteps = 4, seed = 0, training = {} }: Wanted = {}) =>
  pipeline("validated", () => {
    const images = crop(ingest("pictures"), { size: 16 })
    const dataset = encode({ base: baseModel("base"), images, captions: caption(images, { trigger: "sks" }) })
    const { training: kept, heldOut } = holdOut(dataset, { share })
    const lora = train(kept, {
      networkDim: 2,
      steps: 4,
      saveEverySteps: 2,
      warmupSteps: 0,
      unetLearningRate: 1e-2,
      ...training,
    })
    return validate({ checkpoints: checkpoint(lora, { name: "lora" }), heldOut }, { timesteps, seed })
  })

const table = (outcome: Outcome): readonly (readonly string[])[] =>
  readFileSync(finished(outcome, "lora-validation.csv"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","))

/** Rows of the last run's record. */
const recorded = (label: string, name: string) =>
  Effect.gen(function* () {
    const store = yield* Store
    const [run] = yield* store.listRuns({ limit: 1 })
    return (yield* store.metrics(run!.id, label, name)).map(({ values }) => values)
  }).pipe(Effect.provide(runtimeLayer(studio.cacheFolder)), Effect.runPromise)

describe("validation", { timeout: 240_000 }, () => {
  it("measures held-out pictures before the first step and at each checkpoint, by quarters and pictures", async () => {
    const outcome = await runStudio(studio, validated())
    const [header, ...rows] = table(outcome)
    expect(header!.slice(0, 6)).toEqual(["step", "loss", "0-25 %", "25-50 %", "50-75 %", "75-100 %"])
    expect(rows.map(([step]) => step)).toEqual(["0", "2", "4"])
    for (const row of rows.map((cells) => cells.map(Number))) {
      const [, loss, ...rest] = row
      const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
      expect(mean(rest.slice(0, 4))).toBeCloseTo(loss!, 10)
      expect(mean(rest.slice(4))).toBeCloseTo(loss!, 10)
    }
    expect(new Set(rows.map(([, loss]) => loss)).size).toBe(3)
  })

  it("leaves the numbers in the run's record, as the training does its loss by quarters", async () => {
    await runStudio(studio, validated({ training: { seed: 1, gradientAccumulationSteps: 3 } }))
    const losses = await recorded("validate", "validation")
    expect(losses.map(({ step }) => step)).toEqual([0, 2, 4])
    expect(Object.keys(losses[0]!)).toContain("loss 75–100 %")
    for (const row of await recorded("train", "train")) {
      const bands = Object.entries(row).filter(([name]) => /^loss \d/.test(name))
      expect(bands.length).toBeGreaterThan(0)
      const values = bands.map(([, loss]) => loss)
      expect(row["loss"]).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9)
      expect(row["loss"]).toBeLessThanOrEqual(Math.max(...values) + 1e-9)
    }
  })

  it("trains on the rest of the pictures, and the LoRA file names those", async () => {
    const outcome = await runStudio(studio, validated())
    const heldOut = table(outcome)[0]!
      .slice(6)
      .map((name) => name.replaceAll('"', ""))
    expect(heldOut).toHaveLength(2)
    const { pictures } = JSON.parse(loomRecord(finished(outcome, "lora.safetensors")))
    const trainedOn = pictures.map(({ key }: { key: string }) => key)
    expect([...trainedOn, ...heldOut].sort()).toEqual([0, 1, 2, 3, 4].map((index) => `picture-${index}.jpg`))
  })

  it("measures only new checkpoints when there are more steps, and all of them with another noise", async () => {
    await runStudio(studio, validated())
    const longer = await runStudio(studio, validated({ training: { steps: 6 } }))
    expect(longer.made["validation-loss"]).toBe(1)
    const other = await runStudio(studio, validated({ seed: 1 }))
    expect(other.made).toEqual({ "validation-loss": 3, validate: 1 })
  })

  it("measures pictures of a folder of their own as well, without taking any from the training", async () => {
    const others = { pictures: join(studio.root, "others") }
    mkdirSync(others.pictures)
    for (const index of [7, 8]) await addPicture(others, index, `a photo of number ${index}`)
    const apart = pipeline("apart", () => {
      const base = baseModel("base")
      const encoded = (folder: string) => {
        const images = crop(ingest(folder), { size: 16 })
        return encode({ base, images, captions: caption(images, { trigger: "sks" }) })
      }
      const lora = train(encoded("pictures"), { networkDim: 2, steps: 2, saveEverySteps: 0, unetLearningRate: 1e-2 })
      return validate({ checkpoints: checkpoint(lora, { name: "lora" }), heldOut: encoded("others") }, { timesteps: 4 })
    })
    const outcome = await runStudio(studio, apart)
    expect(table(outcome)[0]!.slice(6)).toEqual(['"picture-7.jpg"', '"picture-8.jpg"'])
    expect(JSON.parse(loomRecord(finished(outcome, "lora.safetensors"))).pictures).toHaveLength(5)
  })

  it("of a training that learns nothing stays the same to the last digit", async () => {
    const still = await runStudio(studio, validated({ training: { unetLearningRate: 1e-30 } }))
    const [, ...rows] = table(still)
    expect(new Set(rows.map(([, loss]) => loss)).size).toBe(1)
  })

  it.each<readonly [string, Wanted, label: string, field: string]>([
    ["a share of 0", { share: 0 }, "hold-out", "share"],
    ["a share of 1", { share: 1 }, "hold-out", "share"],
    ["three timesteps", { timesteps: 3 }, "validate", "timesteps"],
    ["a negative seed", { seed: -1 }, "validate", "seed"],
  ])("%s is refused in a sentence", async (_, wanted, label, field) => {
    const { told, wording } = await refusal(studio, validated(wanted))
    expect(told).toEqual([error(label, field)])
    expect(wording).toMatchSnapshot()
  })
})

/** The record of how a LoRA was made, out of its file. */
const loomRecord = (file: string): string => {
  const bytes = readFileSync(file)
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString("utf8"))
  return header.__metadata__.loom
}

describe("the sign of over-training", () => {
  const at = (...losses: readonly number[]) =>
    overTraining(losses.map((loss, index) => ({ step: index * 10, loss, bands: [], pictures: [] }))).map(
      ({ why }) => why,
    )

  it("is a loss that has risen since an earlier checkpoint, told with the step to go back to", () => {
    expect(at(1, 0.5, 0.4, 0.45)).toEqual([
      "it was lowest after 20 steps (0.400) and has risen to 0.450 since: over-training",
    ])
  })

  it("is a training that made things worse from the start", () => {
    expect(at(1, 1.2)).toEqual(["it rose from 1.00 to 1.20: the training made held-out pictures worse"])
  })

  it("is not a falling loss, nor a wobble of two percent", () => {
    expect([at(1, 0.5, 0.4), at(1, 0.5, 0.4, 0.407), at(1), at()]).toEqual([[], [], [], []])
  })
})
