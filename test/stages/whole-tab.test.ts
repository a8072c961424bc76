/** Text encoder, custom embedding and schedules as a pipeline file asks for them: files, trajectory, pictures, refusals. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeEmbeddingFile } from "../../src/formats/embedding-file.ts"
import { readPngText } from "../../src/formats/png-text.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { baseModel, caption, checkpoint, crop, encode, holdOut, ingest, pipeline, train } from "../../src/index.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import type { TrainParamsInput } from "../../src/stages/training/train-params.ts"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { error, problemsTold, type Told, warning } from "../rig/told.ts"
import { plan } from "../runtime/project.ts"
import {
  addPicture,
  closeStudio,
  finished,
  line,
  makeStudio,
  type Outcome,
  refusal,
  runStudio,
  type Studio,
  warningsIn,
} from "./studio.ts"

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

const textModel = { learningRate: 1e-3 }
const customEmbedding = { keyword: "sks", length: 2, learningRate: 1e-2, initWord: "dog" }

const trainedSteps = ({ events }: Outcome): readonly number[] =>
  events.flatMap((event) =>
    event.type === "stage-progress" && event.label === "train" && event.metrics !== undefined ? [event.done] : [],
  )

const logged = ({ events }: Outcome): readonly string[] =>
  events.flatMap((event: RunEvent) => (event.type === "logged" ? [event.message] : []))

const training = (more: TrainParamsInput, steps = 4) => ({
  paints: false,
  training: { steps, saveEverySteps: 0, snapshotEverySteps: 1, ...more },
})

const bytes = (outcome: Outcome, name: string): Buffer => readFileSync(finished(outcome, name))

describe("the whole training tab", { timeout: 240_000 }, () => {
  it("text encoder and embedding are trained, saved beside each other, told, and used when painting", async () => {
    const outcome = await runStudio(studio, {
      training: { textModel, customEmbedding },
      clipSkip: 2,
      prompts: ["a <sks>"],
    })
    const { modules, metadata } = decodeLoraFile(bytes(outcome, "lora.safetensors"))
    const text = modules.filter(({ key }) => key.startsWith("lora_te_text_model_encoder_layers_0_"))
    expect(text).toHaveLength(6)
    expect(modules.filter(({ key }) => key.startsWith("lora_te_"))).toHaveLength(6)
    expect(text.every(({ up }) => up.some((value) => value !== 0))).toBe(true)
    expect(metadata).toMatchObject({ ss_text_encoder_lr: "0.001" })

    const rows = decodeEmbeddingFile(bytes(outcome, "lora-embedding/sks.safetensors"))
    expect(rows.map(({ shape }) => shape)).toEqual([[2, 16]])
    const [inDiffusers] = decodeSafetensors(bytes(outcome, "lora-embedding/learned_embeds.safetensors")).header.tensors
    expect(inDiffusers?.[0]).toBe("<sks>")
    expect(finished(outcome, "lora-000002-embedding/sks.safetensors")).toBeTruthy()

    expect(logged(outcome).join("\n")).toMatch(
      /adapters in the UNet; 6 adapters in 1 of the text encoder's 2 layers, those of the last 1 layer are cut off by CLIP skip; an embedding of 2 tokens/,
    )
    expect(bytes(outcome, "pictures/lora/01-seed-1-without-lora-and-embedding.png").length).toBeGreaterThan(0)
    const texts = readPngText(bytes(outcome, "pictures/lora/01-seed-1-step-000004.png"))
    expect(texts.get("prompt")).toContain('"text":"a embedding:sks"')
    expect(texts.get("parameters")).toMatch(/^a sks <lora:lora:1>/)
    const column = (name: string) => bytes(outcome, `pictures/lora/01-seed-1-${name}.png`)
    expect(column("step-000002").equals(column("step-000004"))).toBe(false)
    const page = bytes(outcome, "lora-how-to-use.md").toString()
    expect(page).toContain('pipe.load_textual_inversion("lora-embedding/learned_embeds.safetensors")')
    expect(page).toContain("`embedding:sks`")
  })

  it("an embedding trains alone, without a LoRA file", async () => {
    const outcome = await runStudio(studio, { training: { networkDim: 0, customEmbedding }, prompts: ["a sks"] })
    const names = outcome.report.artifacts.map(({ path }) => path).filter((path) => path.endsWith(".safetensors"))
    expect(names.filter((name) => !name.includes("embedding/"))).toEqual([])
    const column = (name: string) => bytes(outcome, `pictures/lora/01-seed-1-${name}.png`)
    expect(column("without-embedding").equals(column("step-000004"))).toBe(false)
    expect(bytes(outcome, "lora-how-to-use.md").toString()).toContain("is an embedding for")
  })

  it("an earlier stop of the embedding trains only the steps after it", async () => {
    const from = (stopAtStep: number | null) =>
      training({ customEmbedding: { ...customEmbedding, stopAtStep }, seed: 20 }, 6)
    expect(trainedSteps(await runStudio(studio, from(null)))).toEqual([1, 2, 3, 4, 5, 6])
    const earlier = await runStudio(studio, from(4))
    expect(trainedSteps(earlier)).toEqual([5, 6])
    const fresh = await runStudio(studio, from(4), "fresh-stop")
    for (const name of ["lora.safetensors", "lora-embedding/sks.safetensors"]) {
      expect(bytes(earlier, name).equals(bytes(fresh, name))).toBe(true)
    }
  })

  it("a cosine that restarts later trains only from the first step whose rate differs", async () => {
    const every = (stepsBetweenRestarts: number) =>
      training({ schedule: { kind: "cosine-restarts", floor: 1e-3, stepsBetweenRestarts }, seed: 21 }, 5)
    await runStudio(studio, training({ seed: 21 }, 5))
    // A floor at the peak is a constant rate: the very same steps.
    expect(trainedSteps(await runStudio(studio, every(3)))).toEqual([])
    const falling = (steps: number | null) =>
      training({ schedule: { kind: "cosine", steps }, warmupSteps: 3, seed: 22 }, 5)
    expect(trainedSteps(await runStudio(studio, falling(null)))).toHaveLength(5)
    // Both curves stand at the peak until warm-up ends, so the first four updates are shared.
    expect(trainedSteps(await runStudio(studio, falling(9)))).toEqual([5])
  })

  it("everything on at once goes on from a snapshot to the same bytes", async () => {
    const all = (steps: number) =>
      training(
        {
          textModel,
          customEmbedding: { ...customEmbedding, stopAtStep: 3 },
          gradientAccumulationSteps: 3,
          minSnrGamma: 5,
          noiseOffset: 0.1,
          captionDropout: 0.3,
          denoising: { start: 0.2, end: 0.9 },
          schedule: { kind: "cosine-restarts", stepsBetweenRestarts: 4 },
          seed: 23,
        },
        steps,
      )
    await runStudio(studio, { ...all(2), clipSkip: 2 })
    const resumed = await runStudio(studio, { ...all(5), clipSkip: 2 })
    expect(trainedSteps(resumed)).toEqual([3, 4, 5])
    const whole = await runStudio(studio, { ...all(5), clipSkip: 2 }, "fresh-all")
    for (const name of ["lora.safetensors", "lora-embedding/sks.safetensors"]) {
      expect(bytes(resumed, name).equals(bytes(whole, name))).toBe(true)
    }
  })

  it("caption dropout changes what is trained, a share of 0 does not", async () => {
    const of = (captionDropout: number) => runStudio(studio, training({ captionDropout, seed: 24 }))
    await of(0)
    expect(trainedSteps(await of(0.5))).toEqual([1, 2, 3, 4])
    expect(trainedSteps(await runStudio(studio, training({ seed: 24 })))).toEqual([])
  })

  it("a caption that loses its end to the embedding is told with what was lost", async () => {
    const long = await makeStudio()
    await addPicture(long, 3, `sks ${"dog ".repeat(73)}with a hat`)
    const { told, wording } = warningsIn(
      await runStudio(long, training({ customEmbedding: { ...customEmbedding, length: 4 } }, 1)),
    )
    closeStudio(long)
    expect(told).toContainEqual(warning("train", ""))
    expect(wording).toMatch(
      /train: .*picture-3\.jpg: with the embedding's tokens the caption is too long; .*cut off: "(dog )*with a hat"/,
    )
  })

  const refused: readonly (readonly [string, TrainParamsInput, Told])[] = [
    ["a rank of 0 without embedding", { networkDim: 0 }, error("train", "networkDim")],
    ["a UNet rate of 0 alone", { unetLearningRate: 0 }, error("train", "unetLearningRate")],
    ["a text encoder rate of 0", { textModel: { learningRate: 0 } }, error("train", "textModel.learningRate")],
    ["a text encoder without rank", { textModel, customEmbedding, networkDim: 0 }, error("train", "textModel")],
    [
      "a keyword of two words",
      { customEmbedding: { ...customEmbedding, keyword: "my dog" } },
      error("train", "customEmbedding.keyword"),
    ],
    ["a length of 0", { customEmbedding: { ...customEmbedding, length: 0 } }, error("train", "customEmbedding.length")],
    [
      "a length of 76",
      { customEmbedding: { ...customEmbedding, length: 76 } },
      error("train", "customEmbedding.length"),
    ],
    [
      "an embedding rate of 0",
      { customEmbedding: { ...customEmbedding, learningRate: 0 } },
      error("train", "customEmbedding.learningRate"),
    ],
    [
      "a stop at step 0",
      { customEmbedding: { ...customEmbedding, stopAtStep: 0 } },
      error("train", "customEmbedding.stopAtStep"),
    ],
    [
      "an empty init word",
      { customEmbedding: { ...customEmbedding, initWord: " " } },
      error("train", "customEmbedding.initWord"),
    ],
    [
      "a keyword that no caption mentions",
      { customEmbedding: { ...customEmbedding, keyword: "toki" } },
      error("caption", "embedding <toki>"),
    ],
    ["a floor above the rate", { schedule: { kind: "cosine", floor: 1 } }, error("train", "schedule.floor")],
    ["a negative floor", { schedule: { kind: "cosine", floor: -1 } }, error("train", "schedule.floor")],
    [
      "restarts at every step",
      { schedule: { kind: "cosine-restarts", stepsBetweenRestarts: 1 } },
      error("train", "schedule.stepsBetweenRestarts"),
    ],
    ["dropping every caption", { captionDropout: 1 }, error("train", "captionDropout")],
  ]
  it("an embedding that no caption mentions is told by loom plan, before anything has run", async () => {
    const told = async (keyword: string) => {
      const choices = training({ customEmbedding: { ...customEmbedding, keyword } })
      const fresh = { ...studio, cacheFolder: join(studio.root, "never-run") }
      const { problems } = await Effect.runPromise(plan(fresh, line(choices)))
      return problemsTold(problems).told
    }
    expect(await told("toki")).toEqual([error("caption", "embedding <toki>")])
    // The trigger word is put into every caption, and a caption file is read as it is.
    expect(await told("sks")).toEqual([])
    expect(await told("photo")).toEqual([])
  })

  it("an embedding that no caption mentions is told once, also where the dataset is known already", async () => {
    const warm = await makeStudio()
    await runStudio(warm, training({}, 1))
    const { told } = await refusal(warm, training({ customEmbedding: { ...customEmbedding, keyword: "toki" } }))
    closeStudio(warm)
    expect(told).toEqual([error("caption", "embedding <toki>")])
  })

  it("an embedding that only the held-out picture mentions is told by the training", async () => {
    const split = await makeStudio()
    const divided = (more: TrainParamsInput) =>
      pipeline("divided", () => {
        const images = crop(ingest("pictures"), { size: 16 })
        const dataset = encode({ base: baseModel("base"), images, captions: caption(images, { trigger: "sks" }) })
        const lora = train(holdOut(dataset, { share: 0.3 }).training, {
          networkDim: 2,
          steps: 1,
          warmupSteps: 0,
          ...more,
        })
        return checkpoint(lora, { name: "divided" })
      })
    await runStudio(split, divided({}))
    const toldFor = async (picture: number) => {
      for (const index of [0, 1, 2]) await addPicture(split, index, index === picture ? "a toki" : "a photo")
      await runStudio(split, divided({}))
      const choices = divided({ customEmbedding: { ...customEmbedding, keyword: "toki" } })
      return problemsTold((await Effect.runPromise(plan(split, choices))).problems).told
    }
    const told = [await toldFor(0), await toldFor(1), await toldFor(2)].flat()
    closeStudio(split)
    expect(told.filter((one) => "severity" in one && one.severity === "error")).toEqual([
      error("train", "customEmbedding.keyword"),
    ])
  })

  it("captions are found again whatever embedding is trained on them", async () => {
    await runStudio(studio, training({ seed: 25 }))
    const { made } = await runStudio(studio, training({ customEmbedding, seed: 25 }))
    expect(made).not.toHaveProperty("caption")
    expect(made).toHaveProperty("train")
  })

  it.each(refused)("%s is refused in a sentence", async (_, more, is) => {
    const { told, wording } = await refusal(studio, training(more))
    expect(told).toEqual([is])
    expect(wording).toMatchSnapshot()
  })
})
