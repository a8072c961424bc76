/** Every parameter of every stage refuses what makes no sense, when the pipeline is wired, each with its own sentence. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "../../src/index.ts"
import { error, problemsTold, type Sayings, warning } from "../rig/told.ts"
import { type Choices, line } from "./studio.ts"

/** Values as a pipeline file without a type checker might have them. */
type Loose = { readonly [K in keyof Choices]?: unknown }

const sayings = async (choices: Loose): Promise<Sayings> => {
  const { problems } = await Effect.runPromise(line(choices as Partial<Choices>).instantiate())
  return problemsTold(problems)
}

const cases: readonly (readonly [choices: Loose, label: string, field: string])[] = [
  [{ pictures: 1 }, "ingest", "folder"],
  [{ base: 1 }, "base-model", "folder"],
  [{ size: 0 }, "crop", "size"],
  [{ size: -64 }, "crop", "size"],
  [{ size: 9000 }, "crop", "size"],
  [{ size: 17 }, "crop", "size"],
  [{ size: { width: 64 } }, "crop", "size.height"],
  [{ upscale: "yes" }, "crop", "upscale"],
  [{ trigger: "" }, "caption", "trigger"],
  [{ trigger: " sks" }, "caption", "trigger"],
  [{ trigger: "[trigger]" }, "caption", "trigger"],
  [{ template: 1 }, "caption", "template"],
  [{ clipSkip: 0 }, "encode", "clipSkip"],
  [{ clipSkip: 1.5 }, "encode", "clipSkip"],
  [{ name: "" }, "checkpoint", "name"],
  [{ name: "a/b" }, "checkpoint", "name"],
  [{ name: "con" }, "checkpoint", "name"],
  [{ name: "dog." }, "checkpoint", "name"],
  [{ name: "dog " }, "checkpoint", "name"],
  [{ name: "dog\ud800" }, "checkpoint", "name"],
  [{ name: "x".repeat(300) }, "checkpoint", "name"],
  [{ keepLast: 0 }, "checkpoint", "keepLast"],
  [{ keepLast: 1.5 }, "checkpoint", "keepLast"],
  [{ prompts: [] }, "evaluate", "prompts"],
  [{ prompts: ["a", "a"] }, "evaluate", "prompts"],
  [{ guidance: 0.5 }, "evaluate", "guidance"],
  [{ prompts: "a dog" }, "evaluate", "prompts"],
  [{ seeds: [] }, "evaluate", "seeds"],
  [{ seeds: [1, 1] }, "evaluate", "seeds"],
  [{ seeds: [-1] }, "evaluate", "seeds"],
  [{ paintSteps: 0 }, "evaluate", "steps"],
  [{ sampler: "Euler" }, "evaluate", "sampler"],
  [{ strength: Number.NaN }, "evaluate", "strength"],
  [{ negativePrompt: 1 }, "evaluate", "negativePrompt"],
  [{ precision: "bf16" }, "checkpoint", "precision"],
  [{ paintSize: { width: 64 } }, "evaluate", "size.height"],
]

const word = { keyword: "sks" }

const trainingCases: readonly (readonly [training: object, field: string])[] = [
  [{ networkDim: -1 }, "networkDim"],
  [{ networkDim: 1.5 }, "networkDim"],
  [{ networkScale: 0 }, "networkScale"],
  [{ networkScale: Number.NaN }, "networkScale"],
  [{ unetLearningRate: -1 }, "unetLearningRate"],
  [{ steps: 0 }, "steps"],
  [{ steps: "many" }, "steps"],
  [{ untilStep: 0 }, "untilStep"],
  [{ untilStep: 5 }, "untilStep"],
  [{ untilStep: 1.5 }, "untilStep"],
  [{ saveEverySteps: -1 }, "saveEverySteps"],
  [{ warmupSteps: -1 }, "warmupSteps"],
  [{ gradientAccumulationSteps: 0 }, "gradientAccumulationSteps"],
  [{ seed: -1 }, "seed"],
  [{ noiseOffset: -0.1 }, "noiseOffset"],
  [{ denoising: { start: 0.8, end: 0.2 } }, "denoising"],
  [{ denoising: { start: 0, end: 2 } }, "denoising"],
  [{ denoising: { start: 0.5 } }, "denoising.end"],
  [{ minSnrGamma: 0 }, "minSnrGamma"],
  [{ maxGradNorm: -1 }, "maxGradNorm"],
  [{ weightDecay: -1 }, "weightDecay"],
  [{ betas: [0.9, 1] }, "betas"],
  [{ betas: [0.9] }, "betas.1"],
  [{ eps: 0 }, "eps"],
  [{ predictionType: "x0" }, "predictionType"],
  [{ captionDropout: -0.1 }, "captionDropout"],
  [{ captionDropout: 1 }, "captionDropout"],
  [{ captionDropout: "often" }, "captionDropout"],
  [{ schedule: "cosine" }, "schedule"],
  [{ schedule: { kind: "linear" } }, "schedule"],
  [{ schedule: { kind: "cosine", floor: -1 } }, "schedule.floor"],
  [{ schedule: { kind: "cosine", floor: 1 } }, "schedule.floor"],
  [{ schedule: { kind: "cosine", steps: 0 } }, "schedule.steps"],
  [{ schedule: { kind: "cosine", steps: 1.5 } }, "schedule.steps"],
  [{ schedule: { kind: "cosine-restarts", stepsBetweenRestarts: 1 } }, "schedule.stepsBetweenRestarts"],
  [{ schedule: { kind: "cosine-restarts" } }, "schedule.stepsBetweenRestarts"],
  [{ schedule: { kind: "hold" } }, "schedule.decayFromStep"],
  [{ schedule: { kind: "hold", decayFromStep: -1 } }, "schedule.decayFromStep"],
  [{ schedule: { kind: "hold", decayFromStep: 2.5 } }, "schedule.decayFromStep"],
  [{ schedule: { kind: "hold", decayFromStep: 2, floor: 1 } }, "schedule.floor"],
  [{ schedule: { kind: "hold", decayFromStep: 2, steps: 2, floor: 1e-6 } }, "schedule"],
  [{ textModel: { learningRate: 0 } }, "textModel.learningRate"],
  [{ textModel: {} }, "textModel.learningRate"],
  [{ textModel: true }, "textModel"],
  [{ textModel: { learningRate: 1e-4 }, customEmbedding: word, networkDim: 0 }, "textModel"],
  [{ customEmbedding: { ...word, keyword: "my dog" } }, "customEmbedding.keyword"],
  [{ customEmbedding: { ...word, keyword: "<sks>" } }, "customEmbedding.keyword"],
  [{ customEmbedding: { ...word, keyword: "learned_embeds" } }, "customEmbedding.keyword"],
  [{ customEmbedding: { ...word, keyword: "Learned_embeds_2" } }, "customEmbedding.keyword"],
  [{ customEmbedding: { ...word, keyword: "nul" } }, "customEmbedding.keyword"],
  [{ customEmbedding: { length: 4 } }, "customEmbedding.keyword"],
  [{ customEmbedding: { ...word, length: 0 } }, "customEmbedding.length"],
  [{ customEmbedding: { ...word, length: 76 } }, "customEmbedding.length"],
  [{ customEmbedding: { ...word, length: 1.5 } }, "customEmbedding.length"],
  [{ customEmbedding: { ...word, learningRate: 0 } }, "customEmbedding.learningRate"],
  [{ customEmbedding: { ...word, stopAtStep: 0 } }, "customEmbedding.stopAtStep"],
  [{ customEmbedding: { ...word, initWord: " " } }, "customEmbedding.initWord"],
  [{ networkDim: 0 }, "networkDim"],
  [{ unetLearningRate: 0 }, "unetLearningRate"],
  [{ snapshotEverySteps: 0 }, "snapshotEverySteps"],
  [{ learningRate: 1 }, "learningRate"],
  [{ networkDims: 4 }, "networkDims"],
  [{ learning_rate: 1 }, "learning_rate"],
  [{ max_train_steps: 9 }, "max_train_steps"],
  [{ network_alpha: 8 }, "network_alpha"],
  [{ train_batch_size: 8 }, "train_batch_size"],
  [{ rate: 1 }, "rate"],
  [{ of: 2 }, "of"],
  [{ denoising: new Map() }, "denoising"],
  [{ betas: new Set() }, "betas"],
  [{ seed: new Date(0) }, "seed"],
  [{ seed: () => 1 }, "seed"],
]

const doubtful: typeof trainingCases = [
  [{ schedule: { kind: "hold", decayFromStep: 5 } }, "schedule.decayFromStep"],
  [{ customEmbedding: { ...word, learningRate: 0.1 } }, "customEmbedding.learningRate"],
  [{ customEmbedding: { ...word, stopAtStep: 2 }, networkDim: 0 }, "customEmbedding.stopAtStep"],
]

describe("a bad value", () => {
  it.each(cases)("%j", async (choices, label, field) => {
    const { told, wording } = await sayings(choices)
    expect(told).toEqual([error(label, field)])
    expect(wording).toMatchSnapshot()
  })

  it.each(trainingCases)("train %j", async (training, field) => {
    const { told, wording } = await sayings({ training })
    expect(told).toEqual([error("train", field)])
    expect(wording).toMatchSnapshot()
  })

  it.each(doubtful)("train %j is warned about", async (training, field) => {
    const { told, wording } = await sayings({ training })
    expect(told).toEqual([warning("train", field)])
    expect(wording).toMatchSnapshot()
  })

  it("all of them are told at once", async () => {
    const { told } = await sayings({ size: 17, trigger: "", name: "", training: { steps: 0, eps: 0 }, prompts: [] })
    expect(told).toEqual([
      error("crop", "size"),
      error("caption", "trigger"),
      error("train", "steps"),
      error("train", "eps"),
      error("checkpoint", "name"),
      error("evaluate", "prompts"),
    ])
  })
})

describe("the wiring as a whole", () => {
  const two = (names: readonly [string, string], steps: number) =>
    pipeline("two", () => {
      const images = crop(ingest("./pictures"), { size: 16 })
      const dataset = encode({ base: baseModel("./base"), images, captions: caption(images) })
      return names.map((name, seed) => checkpoint(train(dataset, { seed, steps }), { name }))
    })
  const sayingsOf = async (names: readonly [string, string], steps: number): Promise<Sayings> => {
    const { problems } = await Effect.runPromise(two(names, steps).instantiate())
    return problemsTold(problems)
  }

  it("two LoRAs of one name are refused before either is trained", async () => {
    const { told, wording } = await sayingsOf(["a", "a"], 100)
    expect(told).toEqual([error("checkpoint-2", "name")])
    expect(wording).toMatchSnapshot()
    expect((await sayingsOf(["a", "b"], 100)).told).toEqual([])
  })

  it.each([
    ["a", "A"],
    ["a", "a-000050"],
    ["a-000050", "a"],
  ] as const)("two LoRAs whose files some system would take for the same are refused: %s, %s", async (...names) => {
    const { told, wording } = await sayingsOf(names, 100)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ field: "name", severity: "error" })
    expect(wording).toMatchSnapshot()
    expect((await sayingsOf(["a", "a-5"], 100)).told).toEqual([])
  })

  it("a warm-up that never ends is warned about", async () => {
    const { told, wording } = await sayingsOf(["a", "b"], 10)
    expect(told).toEqual([warning("train", "warmupSteps"), warning("train-2", "warmupSteps")])
    expect(wording).toMatchSnapshot()
  })
})
