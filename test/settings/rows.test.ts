/** A parameter is its row: all that is made of the rows has every parameter, and none is lost on the way to the engine. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { nothingInDrawThings } from "../../src/settings/other-words.ts"
import { fieldsOf, row, settingFieldsOf } from "../../src/settings/row.ts"
import { atLeast } from "../../src/settings/rules.ts"
import { numberRows, trainRows } from "../../src/settings/train-rows.ts"
import { actingAt, findings, resolved, withUnrecorded } from "../../src/settings/walk-rows.ts"
import { elsewhere } from "../../src/settings/words-elsewhere.ts"
import { inForce } from "../../src/stages/training/step-keys.ts"
import { checkTraining, keyedTraining, settingsFor, TrainParams } from "../../src/stages/training/train-params.ts"
import { originOf } from "../../src/tools/origin-record.ts"
import { allRows, parameterPage, parameterTypes } from "../documents/parameter-page.ts"
import { line } from "../stages/studio.ts"
import { everyDefault, everyValue, namesOf, parameters } from "./every-value.ts"

const timesteps = { lowest: 0, highest: 999 }

describe("a made-up parameter with a row", () => {
  const madeUp = row(Schema.Finite, {
    title: "made-up",
    unit: "sparks",
    meaning: "Nobody knows",
    default: 7,
    inForce: "step",
    rules: [atLeast(0, "7 is usual")],
    kohya: { name: "--made_up", flags: (value) => [`--made_up ${value}`] },
    drawThings: nothingInDrawThings,
    unrecorded: 3,
  })
  const rows = { ...numberRows, madeUp }
  const written = { ...everyValue, madeUp: 8 }

  it("is in the schema with its default, and in the engine's with its bounds", () => {
    expect(Schema.Struct(fieldsOf(rows)).make({}).madeUp).toBe(7)
    const settings = Schema.Struct(settingFieldsOf(rows))
    expect(settings.make({}).madeUp).toBe(7)
    expect(Option.isSome(settings.makeOption({ madeUp: 0 }))).toBe(true)
    expect(Option.isSome(settings.makeOption({ madeUp: -1 }))).toBe(false)
  })

  it("is checked in its own words", () => {
    expect(findings(rows, { ...written, madeUp: -1 }, everyValue)).toContainEqual({
      field: "madeUp",
      why: "-1 must not be negative",
      hint: "7 is usual",
      severity: "error",
    })
  })

  it("reaches the engine, the step keys, the table beside other trainers, the page and the editor", () => {
    const settings = resolved(rows, written, everyValue)
    expect(settings.madeUp).toBe(8)
    expect(actingAt(rows, settings, "step")).toHaveProperty("madeUp", 8)
    expect(elsewhere(rows, written, { ...everyValue, timesteps })).toContainEqual({
      setting: "made-up",
      loom: "8",
      kohya: ["--made_up 8"],
      drawThings: null,
    })
    expect(parameterPage(rows)).toContain(
      "| `madeUp` | sparks | `7` | Nobody knows. Must not be negative. 7 is usual. |",
    )
    expect(parameterTypes(rows)).toMatch(/Unit: sparks\. Default 7\. \*\/\n {2}readonly madeUp\?: number\n/)
  })

  it("is in older files what was done then", () => {
    expect(withUnrecorded(rows, {})).toHaveProperty("madeUp", 3)
    expect(withUnrecorded(rows, { madeUp: 5 })).toHaveProperty("madeUp", 5)
    const asPart = { textModel: { ...numberRows.textModel, parts: { madeUp } } }
    expect(withUnrecorded(asPart, { textModel: {} })).toEqual({ textModel: { madeUp: 3 } })
    expect(withUnrecorded(asPart, { textModel: null })).toEqual({ textModel: null })
  })

  it("is missing from the engine until some of its code reads it", () => {
    expect(unread({ madeUp })).toEqual(["madeUp"])
  })
})

/** Sources that the numbers of a training come from. */
const readers = ["src/engine", "src/settings/adapter-spec.ts", "src/stages/training/train-trajectory.ts"]
const source = readers
  .flatMap((path) =>
    path.endsWith(".ts")
      ? [path]
      : readdirSync(path, { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".ts"))
          .map((file) => join(path, file)),
  )
  .map((file) => readFileSync(file, "utf8"))
  .join("\n")

/** Parameters that no code of the training reads. */
const unread = (rows: object): readonly string[] =>
  namesOf(rows).filter((name) => !new RegExp(`\\b${name}\\b`).test(source))

describe("every parameter", () => {
  it("is read by the training", () => {
    expect(unread(trainRows)).toEqual([])
  })

  it.each(parameters)("%s has a test value that is allowed and is not its default", (name) => {
    expect(everyValue[name]).not.toEqual(everyDefault[name])
    expect(checkTraining({ ...everyDefault, [name]: everyValue[name] })).toEqual([])
  })

  it("arrives at the engine as the pipeline file writes it", async () => {
    const { stages, problems } = await Effect.runPromise(line({ training: everyValue }).instantiate())
    expect(problems).toEqual([])
    const encoded = stages.find(({ node }) => node.name === "train")?.encodedParams
    const settings = settingsFor(Schema.decodeUnknownSync(TrainParams)(encoded))
    const { snapshotEverySteps: _, memory: _1, ...numbers } = everyValue
    expect(settings).toEqual(numbers)
  })

  it("stands in the finished file, and comes back from there", () => {
    const settings = { ...settingsFor(everyValue), clipSkip: 2 }
    const record = { format: 2, settings, trigger: null, base: {}, code: "c" }
    const pictures = [{ key: "a.png", sha256: "0".repeat(64), width: 8, height: 8, caption: "a" }]
    const loom = JSON.stringify({ ...record, pictures })
    expect(Option.getOrThrow(originOf({ loom })).settings).toEqual(settings)
  })

  it.each(parameters)("%s enters the keys where its row says", (name) => {
    const changed = { ...everyValue, [name]: everyDefault[name] }
    const [before, after] = [inForce(settingsFor(everyValue)), inForce(settingsFor(changed))]
    const { inForce: where } = trainRows[name]
    const stageKeys = [keyedTraining(everyValue), keyedTraining(changed)]
    if (where === "machine") expect(stageKeys[0]).toEqual(stageKeys[1])
    else expect(stageKeys[0]).not.toEqual(stageKeys[1])
    const stepsDiffer = before.steps
      .slice(0, 90)
      .map((step, at) => JSON.stringify(step) !== JSON.stringify(after.steps[at]))
    const startDiffers = JSON.stringify(before.start) !== JSON.stringify(after.start)
    const isIn = startDiffers || stepsDiffer.includes(true)
    expect(isIn).toBe(where !== "course" && where !== "machine")
  })

  it("is told beside other trainers, or is driven by the machine alone", () => {
    const titles = elsewhere(trainRows, everyValue, { ...everyValue, timesteps }).map(({ setting }) => setting)
    const silent = parameters.filter((name) => !titles.includes(trainRows[name].title))
    // Text encoder and embedding are told by their parts.
    expect(silent).toEqual(["textModel", "customEmbedding", "snapshotEverySteps", "memory"])
    expect(titles).toContain("text encoder learning rate")
    expect(titles).toContain("embedding length")
  })

  it("has words for people", () => {
    const wordless = allRows(trainRows).filter(([, { title, meaning }]) => title === "" || meaning.length < 10)
    expect(wordless).toEqual([])
  })

  it("that the first records do not have says what was done without it", () => {
    const bytes = readFileSync("test/golden/formats/first-version-lora.safetensors")
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString())
    const recorded = JSON.parse(header.__metadata__.loom).settings
    const unknown = namesOf(numberRows).filter(
      (name) => !(name in recorded) && numberRows[name].unrecorded === undefined,
    )
    expect(unknown).toEqual([])
  })
})

describe("values that mean the same", () => {
  const keys = (more: Partial<TrainParams>) => keyedTraining({ ...everyDefault, ...more })

  it("have one key: no limit of the gradient is null or 0", () => {
    expect(keys({ maxGradNorm: 0 })).toEqual(keys({ maxGradNorm: null }))
    expect(settingsFor({ ...everyDefault, maxGradNorm: 0 }).maxGradNorm).toBe(null)
    expect(keys({ maxGradNorm: 1 })).not.toEqual(keys({ maxGradNorm: null }))
  })

  it("have one key: all steps, said or not", () => {
    expect(keys({ steps: 300, untilStep: 300 })).toEqual(keys({ steps: 300 }))
    expect(settingsFor({ ...everyDefault, steps: 300, untilStep: 300 }).untilStep).toBe(null)
    expect(keys({ steps: 300, untilStep: 299 })).not.toEqual(keys({ steps: 300 }))
  })

  it("share their steps: a cosine over all steps, said or not", () => {
    const cosine = (steps: number | null) =>
      inForce(settingsFor({ ...everyDefault, steps: 300, schedule: { kind: "cosine", floor: 0, steps } }))
    expect(cosine(null)).toEqual(cosine(300))
    expect(cosine(null)).not.toEqual(cosine(299))
  })

  it("share their steps: a rate that is held, wherever and however far it falls", () => {
    const held = (steps: number, decayFromStep: number, floor = 0, end: number | null = null) =>
      inForce(
        settingsFor({ ...everyDefault, steps, schedule: { kind: "hold", floor, decayFromStep, steps: end } }),
      ).steps.map((step) => JSON.stringify(step))
    const whole = inForce(settingsFor({ ...everyDefault, steps: 600 })).steps.map((step) => JSON.stringify(step))
    const sharedWith = (other: readonly string[], one: readonly string[]): number =>
      one.findIndex((step, at) => step !== other[at])
    expect(sharedWith(whole, held(600, 450))).toBe(451)
    expect(sharedWith(held(600, 450), held(500, 450))).toBe(451)
    expect(sharedWith(held(600, 450), held(600, 300))).toBe(301)
    expect(sharedWith(held(600, 450), held(600, 450, 1e-6))).toBe(451)
    expect(sharedWith(held(600, 450, 0, 600), held(600, 450))).toBe(-1)
    expect(sharedWith(whole, held(600, 600))).toBe(-1)
  })
})

describe("what looks wrong beside the other parameters", () => {
  const findingsOf = (more: Partial<TrainParams>) => checkTraining({ ...everyDefault, ...more })
  const told = (more: Partial<TrainParams>) =>
    findingsOf(more).map(({ severity, field, why }) => `${severity} ${field}: ${why}`)

  it("a cosine that ends inside the warm-up", () => {
    expect(told({ schedule: { kind: "cosine", floor: 0, steps: 10 } })).toEqual([
      "warning schedule: the rates have come down to 0 before the end, so the last 990 steps change nothing",
      "warning schedule.steps: 10 lies inside the warm-up of 20 steps, so the rate drops from its peak to the floor at once",
    ])
    expect(told({ schedule: { kind: "cosine", floor: 1e-6, steps: 21 } })).toEqual([])
    expect(told({ schedule: { kind: "cosine", floor: 1e-6, steps: 10 }, warmupSteps: 0 })).toEqual([])
  })

  it("restarts so near that the rate never falls", () => {
    expect(told({ schedule: { kind: "cosine-restarts", floor: 0, stepsBetweenRestarts: 2 } })).toEqual([
      "warning schedule.stepsBetweenRestarts: 2 is a restart at every step, so the rate never falls",
    ])
    expect(told({ schedule: { kind: "cosine-restarts", floor: 0, stepsBetweenRestarts: 3 }, warmupSteps: 0 })).toEqual(
      [],
    )
  })

  const cosine = { kind: "cosine", floor: 0, steps: null } as const
  const restarts = { kind: "cosine-restarts", floor: 0 } as const
  const hold = { kind: "hold", floor: 0, decayFromStep: 800, steps: null } as const
  const embedding = { keyword: "sks", length: 4, learningRate: 5e-3, stopAtStep: null, initWord: null }
  const doubtful: readonly (readonly [what: string, params: Partial<TrainParams>, field: string])[] = [
    ["a cosine over before the end", { schedule: { ...cosine, steps: 999 } }, "schedule"],
    ["a cosine over after the end", { schedule: { ...cosine, steps: 1001 } }, "schedule.steps"],
    ["a warm-up over all of a cosine", { schedule: cosine, warmupSteps: 1000 }, "schedule.steps"],
    ["a floor as high as the rate", { schedule: { ...cosine, floor: 1e-4 } }, "schedule.floor"],
    ["a hold over before the end", { schedule: { ...hold, steps: 999 } }, "schedule"],
    ["a hold over after the end", { schedule: { ...hold, steps: 1001 } }, "schedule.steps"],
    ["a hold to the last step but one", { schedule: { ...hold, decayFromStep: 999 } }, "schedule.decayFromStep"],
    ["a hold to the end", { schedule: { ...hold, decayFromStep: 1000 } }, "schedule.decayFromStep"],
    ["a hold beyond the end", { schedule: { ...hold, decayFromStep: 1001 } }, "schedule.decayFromStep"],
    ["a hold that ends in the warm-up", { schedule: { ...hold, decayFromStep: 19 } }, "schedule.decayFromStep"],
    ["a held floor as high as the rate", { schedule: { ...hold, floor: 1e-4 } }, "schedule.floor"],
    ["no restart", { schedule: { ...restarts, stepsBetweenRestarts: 1002 } }, "schedule.stepsBetweenRestarts"],
    [
      "a restart in the warm-up",
      { schedule: { ...restarts, stepsBetweenRestarts: 20 } },
      "schedule.stepsBetweenRestarts",
    ],
    [
      "an embedding that stops too late",
      { customEmbedding: { ...embedding, stopAtStep: 1001 } },
      "customEmbedding.stopAtStep",
    ],
    [
      "an embedding that stops in the warm-up",
      { customEmbedding: { ...embedding, stopAtStep: 19 } },
      "customEmbedding.stopAtStep",
    ],
    [
      "an embedding hardly trained",
      { customEmbedding: { ...embedding, learningRate: 1e-12 } },
      "customEmbedding.learningRate",
    ],
    ["a UNet hardly trained", { unetLearningRate: 1e-12 }, "unetLearningRate"],
    ["a text encoder hardly trained", { textModel: { learningRate: 1e-12 } }, "textModel.learningRate"],
    ["a single timestep", { denoising: { start: 0.3, end: 0.3004 } }, "denoising"],
  ]
  it.each(doubtful)("%s", (_, params, field) => {
    expect(findingsOf(params).map((found) => [found.severity, found.field])).toEqual([["warning", field]])
  })

  it.each<Partial<TrainParams>>([
    { schedule: cosine },
    { schedule: { ...cosine, steps: 1000 } },
    { schedule: { ...cosine, floor: 1e-6, steps: 500 } },
    { schedule: { ...hold, decayFromStep: 20 } },
    { schedule: { ...hold, decayFromStep: 998 } },
    { schedule: { ...hold, floor: 1e-6, steps: 900 } },
    { schedule: { ...hold, decayFromStep: 0 }, warmupSteps: 0 },
    { schedule: { ...restarts, stepsBetweenRestarts: 1001 } },
    { schedule: { ...restarts, stepsBetweenRestarts: 21 } },
    { customEmbedding: { ...embedding, stopAtStep: 20 } },
    { customEmbedding: { ...embedding, stopAtStep: 1000 } },
    { denoising: { start: 0.5, end: 0.502 } },
  ])("but not what has its effect: %j", (params) => {
    expect(findingsOf(params)).toEqual([])
  })

  it("a hold that can never fall, which is told, and one that has to be down before, which is refused", () => {
    expect(told({ schedule: { ...hold, decayFromStep: 1200 } })).toEqual([
      "warning schedule.decayFromStep: 1200 is more than the 1000 steps there are, so the rate never falls",
    ])
    expect(told({ schedule: { ...hold, floor: 1e-6, steps: 800 } })).toEqual([
      "error schedule: the rate is to be down at step 800, and not to fall before step 800",
    ])
    expect(told({ schedule: { ...hold, floor: 1e-6, steps: 801 } })).toEqual([])
    expect(told({ schedule: { ...hold, decayFromStep: 500 }, untilStep: 400 })).toEqual([])
  })

  it("an end beyond the last step, which is refused", () => {
    expect(told({ steps: 300, untilStep: 301 })).toEqual(["error untilStep: 301 is more than the 300 steps there are"])
    expect(told({ steps: 300, untilStep: 300 })).toEqual([])
  })

  it("a warm-up that never ends", () => {
    expect(told({ steps: 10 })).toEqual([
      "warning warmupSteps: 20 is more than the 10 steps there are, so the full rate is never reached",
    ])
  })
})
