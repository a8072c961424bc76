/** Every parameter of every stage refuses what makes no sense, when the pipeline is wired, each with its own sentence. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "../../src/index.ts"
import { type Choices, line } from "./studio.ts"

/** Values as a pipeline file without a type checker might have them. */
type Loose = { readonly [K in keyof Choices]?: unknown }

const told = async (choices: Loose): Promise<readonly string[]> => {
  const { problems } = await Effect.runPromise(line(choices as Partial<Choices>).instantiate())
  return problems.map(({ label, field, why, hint }) => `${label}.${field}: ${why}. ${hint}`)
}

const inFile = "Correct it in the pipeline file."
const trigger = `caption.trigger: a trigger is a word or phrase without white space around it and without square brackets. ${inFile}`

const cases: readonly (readonly [choices: Loose, says: string])[] = [
  [{ pictures: 1 }, `ingest.folder: expected string. ${inFile}`],
  [{ base: 1 }, `base-model.folder: expected string. ${inFile}`],
  [{ size: 0 }, "crop.size: 0 × 0 pixels is outside 8 … 8192. Stable Diffusion 1.5 was trained at 512"],
  [{ size: -64 }, "crop.size: -64 × -64 pixels is outside 8 … 8192. Stable Diffusion 1.5 was trained at 512"],
  [{ size: 9000 }, "crop.size: 9000 × 9000 pixels is outside 8 … 8192. Stable Diffusion 1.5 was trained at 512"],
  [{ size: 17 }, "crop.size: 17 × 17 pixels is no size a VAE can encode. Use a multiple of 64"],
  [{ size: { width: 64 } }, `crop.size.height: missing key. ${inFile}`],
  [{ upscale: "yes" }, `crop.upscale: expected "warn" | "refuse" | "skip". ${inFile}`],
  [{ trigger: "" }, trigger],
  [{ trigger: " sks" }, trigger],
  [{ trigger: "[trigger]" }, trigger],
  [{ template: 1 }, `caption.template: expected string | null. ${inFile}`],
  [{ clipSkip: 0 }, "encode.clipSkip: 0 must be 1 or more. 1 skips no layer"],
  [{ clipSkip: 1.5 }, `encode.clipSkip: expected an integer. ${inFile}`],
  [
    { name: "" },
    'checkpoint.name: "" cannot be the name of a file everywhere. Use letters, digits, dots, dashes and underscores, such as "my-dog"',
  ],
  [
    { name: "a/b" },
    'checkpoint.name: "a/b" cannot be the name of a file everywhere. Use letters, digits, dots, dashes and underscores, such as "my-dog"',
  ],
  [
    { keepLast: 0 },
    "checkpoint.keepLast: 0 must be 1 or more. 1 keeps the finished LoRA alone; leave it out to keep all",
  ],
  [{ keepLast: 1.5 }, `checkpoint.keepLast: expected an integer. ${inFile}`],
  [{ prompts: [] }, "evaluate.prompts: there is none. Give at least one prompt"],
  [{ prompts: ["a", "a"] }, 'evaluate.prompts: "a" is there twice. Take one of them out'],
  [{ guidance: 0.5 }, "evaluate.guidance: 0.5 must be 1 or more. 7 is usual, 1 is none"],
  [{ prompts: "a dog" }, `evaluate.prompts: expected array. ${inFile}`],
  [{ seeds: [] }, "evaluate.seeds: there is none. Give at least one seed"],
  [{ seeds: [1, 1] }, "evaluate.seeds: 1 is there twice. Take one of them out"],
  [{ seeds: [-1] }, "evaluate.seeds: a seed is negative. Use whole numbers from 0 on"],
  [{ paintSteps: 0 }, "evaluate.steps: 0 must be 1 or more. 20 is usual"],
  [{ sampler: "Euler" }, `evaluate.sampler: expected "DDIM" | "DPM++ 2M". ${inFile}`],
  [{ strength: Number.NaN }, `evaluate.strength: expected a finite number. ${inFile}`],
  [{ negativePrompt: 1 }, `evaluate.negativePrompt: expected string. ${inFile}`],
  [{ precision: "bf16" }, `checkpoint.precision: expected "fp32" | "fp16". ${inFile}`],
  [{ paintSize: { width: 64 } }, `evaluate.size.height: missing key. ${inFile}`],
]

const word = { keyword: "sks" }

const trainingCases: readonly (readonly [training: object, says: string])[] = [
  [{ networkDim: -1 }, "networkDim: -1 must be "],
  [{ networkDim: 1.5 }, `networkDim: expected an integer. ${inFile}`],
  [
    { networkScale: 0 },
    "networkScale: 0 must be greater than 0: an adapter scaled by nothing trains nothing. 1 is usual",
  ],
  [{ networkScale: Number.NaN }, `networkScale: expected a finite number. ${inFile}`],
  [{ unetLearningRate: -1 }, "unetLearningRate: -1 must "],
  [{ steps: 0 }, "steps: 0 must be 1 or more. Usual values are 500 to 3000"],
  [{ steps: "many" }, `steps: expected number. ${inFile}`],
  [{ saveEverySteps: -1 }, "saveEverySteps: -1 must not be negative. 0 saves only at the end"],
  [{ warmupSteps: -1 }, "warmupSteps: -1 must not be negative. 0 starts at the full rate"],
  [{ gradientAccumulationSteps: 0 }, "gradientAccumulationSteps: 0 must be 1 or more. 1 takes one picture per step"],
  [{ seed: -1 }, "seed: -1 must not be negative. Any whole number from 0 on will do"],
  [{ noiseOffset: -0.1 }, "noiseOffset: -0.1 must not be negative. Usual values are 0 to 0.1"],
  [
    { denoising: { start: 0.8, end: 0.2 } },
    'denoising: {"start":0.8,"end":0.2} start and end must lie between 0 and 1',
  ],
  [{ denoising: { start: 0, end: 2 } }, 'denoising: {"start":0,"end":2} start and end must lie between 0 and 1'],
  [{ denoising: { start: 0.5 } }, `denoising.end: missing key. ${inFile}`],
  [{ minSnrGamma: 0 }, "minSnrGamma: 0 must be greater than 0, or null. 5 is usual"],
  [{ maxGradNorm: -1 }, "maxGradNorm: -1 must not be negative. 0 sets no limit"],
  [{ weightDecay: -1 }, "weightDecay: -1 must not be negative. 0.01 is usual"],
  [{ betas: [0.9, 1] }, "betas: [0.9,1] both must lie between 0 and 1, 1 excluded. [0.9, 0.999] is usual"],
  [{ betas: [0.9] }, `betas.1: missing key. ${inFile}`],
  [{ eps: 0 }, "eps: 0 must be greater than 0. 1e-8 is usual"],
  [{ predictionType: "x0" }, `predictionType: expected "epsilon" | "v_prediction". ${inFile}`],
  [{ captionDropout: -0.1 }, "captionDropout: -0.1 must lie between 0 and 1, 1 excluded. 0.05 to 0.1 is usual"],
  [{ captionDropout: 1 }, "captionDropout: 1 must lie between 0 and 1, 1 excluded. 0.05 to 0.1 is usual, 0 drops none"],
  [{ captionDropout: "often" }, `captionDropout: expected number. ${inFile}`],
  [{ schedule: "cosine" }, 'schedule: "cosine" has to be a record with a kind. Write { kind: "cosine" }'],
  [{ schedule: { kind: "linear" } }, "schedule"],
  [{ schedule: { kind: "cosine", floor: -1 } }, "schedule.floor: -1 must not be negative. 0 is usual"],
  [
    { schedule: { kind: "cosine", floor: 1 } },
    "schedule.floor: 1 lies above the learning rate 0.001. The floor is a rate, and holds for all that is trained",
  ],
  [{ schedule: { kind: "cosine", steps: 0 } }, "schedule.steps: 0 must be 1 or more. null takes all steps"],
  [{ schedule: { kind: "cosine", steps: 1.5 } }, `schedule.steps: expected an integer. ${inFile}`],
  [
    { schedule: { kind: "cosine-restarts", stepsBetweenRestarts: 1 } },
    "schedule.stepsBetweenRestarts: 1 must be 2 or more. 200 is usual",
  ],
  [{ schedule: { kind: "cosine-restarts" } }, `schedule.stepsBetweenRestarts: missing key. ${inFile}`],
  [
    { textModel: { learningRate: 0 } },
    "textModel.learningRate: 0 must be greater than 0: at this rate nothing is trained. 4e-5 is usual; textModel: null",
  ],
  [{ textModel: {} }, `textModel.learningRate: missing key. ${inFile}`],
  [{ textModel: true }, "textModel: expected "],
  [
    { textModel: { learningRate: 1e-4 }, customEmbedding: word, networkDim: 0 },
    "textModel: networkDim 0 leaves no adapters to train. Give networkDim a rank, such as 16",
  ],
  [
    { customEmbedding: { ...word, keyword: "my dog" } },
    'customEmbedding.keyword: "my dog" is not one word. Use letters, digits, "-" and "_", such as "my-dog"; captions may',
  ],
  [{ customEmbedding: { ...word, keyword: "<sks>" } }, 'customEmbedding.keyword: "<sks>" is not one word.'],
  [{ customEmbedding: { length: 4 } }, `customEmbedding.keyword: missing key. ${inFile}`],
  [{ customEmbedding: { ...word, length: 0 } }, "customEmbedding.length: 0 must be 1 to 75 tokens. 4 is usual"],
  [{ customEmbedding: { ...word, length: 76 } }, "customEmbedding.length: 76 must be 1 to 75 tokens. 4 is usual"],
  [{ customEmbedding: { ...word, length: 1.5 } }, `customEmbedding.length: expected an integer. ${inFile}`],
  [
    { customEmbedding: { ...word, learningRate: 0 } },
    "customEmbedding.learningRate: 0 must be greater than 0: at this rate nothing is trained. 1e-3 to 1e-2 is usual;",
  ],
  [
    { customEmbedding: { ...word, learningRate: 0.1 } },
    "customEmbedding.learningRate: 0.1 often tears an embedding apart. Try 5e-3 first",
  ],
  [
    { customEmbedding: { ...word, stopAtStep: 0 } },
    "customEmbedding.stopAtStep: 0 must be 1 or more: it would never be trained. null trains it in all steps",
  ],
  [
    { customEmbedding: { ...word, stopAtStep: 2 }, networkDim: 0 },
    "customEmbedding.stopAtStep: the embedding trains alone, so nothing changes after step 2. Set steps to 2",
  ],
  [
    { customEmbedding: { ...word, initWord: " " } },
    'customEmbedding.initWord: it is empty. Give a word, such as "dog", or null to start from noise',
  ],
  [{ networkDim: 0 }, "networkDim: 0 must be 1 or more, or 0 with a custom embedding that trains alone. Usual values"],
  [
    { unetLearningRate: 0 },
    "unetLearningRate: 0 must be greater than 0: at this rate nothing is trained. Usual values are 1e-5 to 1e-3",
  ],
  [{ snapshotEverySteps: 0 }, "snapshotEverySteps: 0 must be 1 or more. 25 is usual"],
  [{ learningRate: 1 }, 'learningRate: there is no parameter "learningRate". Did you mean unetLearningRate?'],
  [{ networkDims: 4 }, 'networkDims: there is no parameter "networkDims". Did you mean networkDim?'],
  [{ learning_rate: 1 }, 'learning_rate: there is no parameter "learning_rate". Did you mean unetLearningRate?'],
  [{ max_train_steps: 9 }, 'max_train_steps: there is no parameter "max_train_steps". Did you mean steps?'],
  [{ network_alpha: 8 }, 'network_alpha: there is no parameter "network_alpha". Did you mean networkScale'],
  [{ train_batch_size: 8 }, 'train_batch_size: there is no parameter "train_batch_size". Did you mean gradientAcc'],
  [{ rate: 1, of: 2 }, 'of: there is no parameter "of". It has networkDim, networkScale, '],
  [{ denoising: new Map() }, "denoising: a Map cannot be a parameter. Write it as numbers, texts, lists and records"],
  [{ betas: new Set() }, "betas: a Set cannot be a parameter. Write it as numbers, texts, lists and records"],
  [{ seed: new Date(0) }, "seed: a Date cannot be a parameter. Write it as numbers, texts, lists and records"],
  [{ seed: () => 1 }, "seed: a function cannot be a parameter. Write it as numbers, texts, lists and records"],
]

describe("a bad value", () => {
  it.each(cases)("%j", async (choices, says) => {
    expect(await told(choices)).toContain(says)
  })

  it.each(trainingCases)("train %j", async (training, says) => {
    expect((await told({ training })).some((sentence) => sentence.startsWith(`train.${says}`))).toBe(true)
  })

  it("all of them are told at once", async () => {
    const sentences = await told({ size: 17, trigger: "", name: "", training: { steps: 0, eps: 0 }, prompts: [] })
    expect(sentences.map((sentence) => sentence.split(":")[0])).toEqual([
      "crop.size",
      "caption.trigger",
      "train.steps",
      "train.eps",
      "checkpoint.name",
      "evaluate.prompts",
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
  const problemsOf = async (names: readonly [string, string], steps: number) => {
    const graph = await Effect.runPromise(two(names, steps).instantiate())
    return graph.problems.map(({ label, field, why, severity }) => `${severity} ${label}.${field}: ${why}`)
  }

  it("two LoRAs of one name are refused before either is trained", async () => {
    expect(await problemsOf(["a", "a"], 100)).toEqual([
      'error checkpoint-2.name: "a" is the name of checkpoint too, and both would write the same files',
    ])
    expect(await problemsOf(["a", "b"], 100)).toEqual([])
  })

  it("a warm-up that never ends is warned about", async () => {
    const why = "20 is more than the 10 steps there are, so the full rate is never reached"
    expect(await problemsOf(["a", "b"], 10)).toEqual([
      `warning train.warmupSteps: ${why}`,
      `warning train-2.warmupSteps: ${why}`,
    ])
  })
})
