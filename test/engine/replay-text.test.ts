/** Traces in which text encoder and embedding are trained, judged by PyTorch where there is one (see replay-rig.ts). */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { judge, python, type Retelling, randomModel, retold, traceOf } from "./replay-rig.ts"
import type { SomeSettings } from "./tiny-job.ts"

const textModel = { learningRate: 4e-4 }
const embedding = { keyword: "toki", length: 4, learningRate: 5e-3, initWord: "blue bird" }
/** One caption without a mention, one with one, one with two. */
const captions = ["a red cat", "photo of <toki> on the moon", "toki, a star and a <TOKI>"]

const together: SomeSettings = {
  textModel,
  customEmbedding: { ...embedding, length: 3, stopAtStep: 3 },
  gradientAccumulationSteps: 3,
  minSnrGamma: 5,
  noiseOffset: 0.1,
  clipSkip: 2,
  schedule: { kind: "cosine-restarts", floor: 1e-5, stepsBetweenRestarts: 3 },
}

const accepted: readonly (readonly [string, string, SomeSettings])[] = [
  ["the text encoder", "a", { textModel }],
  ["the text encoder under CLIP skip 2, limited norm", "b", { textModel, clipSkip: 2, maxGradNorm: 0.02 }],
  ["the text encoder alone, with caption dropout", "a", { textModel, unetLearningRate: 0, captionDropout: 0.5 }],
  ["an embedding of one token", "c", { customEmbedding: { ...embedding, length: 1 } }],
  ["an embedding of four tokens, held from update 2 on", "a", { customEmbedding: { ...embedding, stopAtStep: 2 } }],
  ["an embedding alone, from noise", "b", { customEmbedding: { ...embedding, initWord: null }, networkDim: 0 }],
  ["an embedding and one picture per update", "d", { customEmbedding: embedding, captionDropout: 0.3 }],
  [
    "the text encoder, at rates that are held and then fall",
    "a",
    { textModel, schedule: { kind: "hold", floor: 1e-5, decayFromStep: 1, steps: 4 }, warmupSteps: 0 },
  ],
  ["all together on shape a", "a", together],
  ["all together on shape b", "b", together],
  ["all together on shape c", "c", together],
  ["all together on shape d", "d", { ...together, clipSkip: 1 }],
  ["all together on shape e", "e", together],
  ["all together on SD2", "sd2", together],
  ["both text encoders of SDXL", "sdxl", { textModel, clipSkip: 2 }],
  [
    "an embedding alone in both text encoders of SDXL",
    "sdxl",
    { customEmbedding: embedding, networkDim: 0, clipSkip: 1 },
  ],
  ["all together on SDXL", "sdxl", together],
  ["all together on SDXL, with caption dropout", "sdxl", { ...together, captionDropout: 0.4 }],
]

interface Mistake {
  readonly title: string
  /** Of the random model; "a" unless said otherwise. */
  readonly shape?: string
  readonly settings: SomeSettings
  readonly retelling: Retelling
  /** What the referee has to find. */
  readonly says?: RegExp
}

const stopAt = (stopAtStep: number): SomeSettings => ({
  ...together,
  customEmbedding: { ...embedding, length: 3, stopAtStep },
})

/** One offset for all channels of a picture, of the promised size. */
const offsetOfPicture = (noise: Float32Array, [, channels = 1]: readonly number[]): Float32Array => {
  const area = noise.length / channels
  const means = Array.from(
    { length: channels },
    (_, channel) => noise.subarray(channel * area, (channel + 1) * area).reduce((sum, value) => sum + value, 0) / area,
  )
  return noise.map((value, at) => value - means[Math.floor(at / area)]! + means[0]!)
}

/** The same offsets, a number per column of the picture instead of one per channel. */
const offsetOfColumns = (noise: Float32Array, [, channels = 1, , width = 1]: readonly number[]): Float32Array => {
  const area = noise.length / channels
  const means = Array.from(
    { length: channels },
    (_, channel) => noise.subarray(channel * area, (channel + 1) * area).reduce((sum, value) => sum + value, 0) / area,
  )
  return noise.map((value, at) => value - means[Math.floor(at / area)]! + means[(at % width) % channels]!)
}

/** What a wrong trainer would have written down. */
const mistakes: readonly Mistake[] = [
  {
    title: "the scale twice",
    settings: { ...together, networkScale: 0.49 },
    retelling: {
      settings: { scale: 0.7 },
      tensor: (key, values) => (key.endsWith(".alpha") ? values.map(() => 0.7 * 4) : undefined),
    },
  },
  {
    title: "gradients summed instead of averaged",
    settings: together,
    says: /grad/,
    retelling: { tensor: (key, values) => (key.includes(".grad") ? values.map((value) => 3 * value) : undefined) },
  },
  {
    title: "an embedding held one update late",
    settings: stopAt(3),
    retelling: { settings: { embedding_stop_at: 2 } },
  },
  {
    title: "an embedding held one update early",
    settings: stopAt(2),
    retelling: { settings: { embedding_stop_at: 3 } },
  },
  {
    title: "rates that are held an update longer",
    settings: { textModel, schedule: { kind: "hold", floor: 1e-5, decayFromStep: 1, steps: 4 }, warmupSteps: 0 },
    says: /lr\/text is .* \(hold, warm-up 0\)/,
    retelling: { settings: { schedule: { kind: "hold", floor: 1e-5, decayFromStep: 2, steps: 4 } } },
  },
  {
    title: "one noise offset for all channels",
    settings: { ...together, noiseOffset: 0.3 },
    says: /spread of the noise's channel means/,
    retelling: {
      tensor: (key, values, shape) => (key.endsWith(".noise") ? offsetOfPicture(values, shape) : undefined),
    },
  },
  {
    title: "a noise offset along the width instead of the channels",
    settings: { ...together, noiseOffset: 0.3 },
    says: /spread of the noise's/,
    retelling: {
      tensor: (key, values, shape) => (key.endsWith(".noise") ? offsetOfColumns(values, shape) : undefined),
    },
  },
  {
    title: "an embedding that a hundredth too much moved",
    settings: together,
    retelling: { tensor: (key, values) => (key === "embedding.1/clip_l" ? values.map((v) => 1.01 * v) : undefined) },
  },
  {
    title: "SDXL's sizes in another order",
    shape: "sdxl",
    settings: { clipSkip: 2 },
    retelling: { tensor: (key, values) => (key.endsWith(".time_ids") ? values.toReversed() : undefined) },
  },
  {
    title: "SDXL's last layers instead of those before",
    shape: "sdxl",
    settings: { clipSkip: 1 },
    retelling: { settings: { clip_skip: 2 } },
  },
  {
    title: "SDXL's second table of an embedding that a hundredth too much moved",
    shape: "sdxl",
    settings: together,
    retelling: { tensor: (key, values) => (key === "embedding.2/clip_g" ? values.map((v) => 1.01 * v) : undefined) },
  },
]

describe.runIf(python !== undefined)(
  "replay of trained text",
  () => {
    it.live.each(accepted)("accepts %s", ([, shape, settings]) =>
      Effect.gen(function* () {
        const folder = randomModel(shape)
        const verdict = judge(folder, yield* traceOf(folder, settings, captions))
        assert.isTrue(verdict.isAccepted, verdict.words)
      }).pipe(Effect.provide(Engine.layer, { local: true })),
    )

    it.live.each(mistakes)("rejects $title", ({ shape = "a", settings, retelling, says = /rejected/ }) =>
      Effect.gen(function* () {
        const folder = randomModel(shape)
        const verdict = judge(folder, retold(yield* traceOf(folder, settings, captions), retelling))
        assert.isTrue(verdict.isRejected, verdict.words)
        assert.match(verdict.words, says)
      }).pipe(Effect.provide(Engine.layer, { local: true })),
    )
  },
  300_000,
)
