/** A training job on the tiny base: three pictures that exist only as random latents and text states. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { randomStream } from "../../src/diffusion/random-stream.ts"
import type { MemoryPlan } from "../../src/engine/jobs/memory-need.ts"
import type { BaseModelFiles, StepRecord, TrainHooks, Training, TrainSample } from "../../src/engine/jobs/train-job.ts"
import { TrainSettings } from "../../src/settings/train-settings.ts"
import { encodingOf } from "../rig/encoding-of.ts"

export const side = 16

/** Of the tiny tokenizer; where a caption ends, SDXL's pooled vector is taken. */
export const endId = 660

const randoms = (length: number, sample: number, scale = 1): Float32Array => {
  const { normal } = randomStream({ seed: 1, purpose: "noise", step: 1, sample })
  return Float32Array.from({ length }, () => scale * normal())
}

export const randomPixels = (seed: number, of = side): Float32Array =>
  randoms(3 * of * of, seed, 0.4).map((value) => Math.min(1, Math.max(-1, value)))

const randomSample = (index: number): TrainSample => ({
  key: `picture-${index}.png`,
  mean: randoms(4 * 8 * 8, 3 * index),
  logVariance: randoms(4 * 8 * 8, 3 * index + 1).map((value) => value - 4),
  latentShape: [4, 8, 8],
  caption: ["a sks dog", "a photo of <sks> in the text", "dog dog, sks and SKS"][index]!,
  tokenIds: [Array.from({ length: 77 }, (_, place) => place + index)],
  condition: { states: randoms(77 * 16, 3 * index + 2), pooled: null },
  conditionShape: { states: [77, 16], pooled: null },
  timeIds: [20, 24, 0, 2, 16, 16],
})

/** Settings of a training, and the CLIP skip of its captions, 1 unless told. */
export type SomeSettings = Partial<(typeof TrainSettings)["~type.make.in"]> & { readonly clipSkip?: number }

/** From its first step on. */
export type FreshJob = Omit<Training, "resume">

/** A job of `untilStep` updates with these settings on top of small ones. */
export const tinyJob = (
  base: BaseModelFiles,
  untilStep: number,
  { clipSkip = 1, ...settings }: SomeSettings = {},
): FreshJob => ({
  base,
  encoding: encodingOf(base, clipSkip),
  settings: TrainSettings.make({
    networkDim: 2,
    unetLearningRate: 2e-3,
    steps: untilStep,
    seed: 11,
    warmupSteps: 0,
    gradientAccumulationSteps: 2,
    noiseOffset: 0.05,
    ...settings,
  }),
  samples: [0, 1, 2].map(randomSample),
  fromStep: 0,
  untilStep,
  snapshotAtSteps: [],
})

/** The same on a base of SDXL's shape: wider states, a pooled vector, ids for both text encoders. */
export const tinySdxlJob = (...[base, untilStep, settings]: Parameters<typeof tinyJob>): FreshJob => {
  const job = tinyJob(base, untilStep, settings)
  const samples = job.samples.map((sample, index) => ({
    ...sample,
    tokenIds: [sample.tokenIds[0]!, [...sample.tokenIds[0]!]].map((ids) => [
      ...ids.slice(0, 9),
      endId,
      ...ids.slice(10),
    ]),
    condition: { states: randoms(77 * 40, 3 * index + 2), pooled: randoms(12, 100 + index) },
    conditionShape: { states: [77, 40], pooled: [12] },
  }))
  return { ...job, samples }
}

/** Hooks that write down what they are told; they ask to stop once step `stopAfter` was told. */
export const recordingHooks = (stopAfter = Number.POSITIVE_INFINITY) => {
  const records: StepRecord[] = []
  const snapshots = new Map<number, Uint8Array>()
  const plans: MemoryPlan[] = []
  const hooks: TrainHooks = {
    onStart: ({ memory }) => Effect.sync(() => plans.push(memory)),
    onStep: (record) => Effect.sync(() => records.push(record)),
    onSnapshot: ({ step, file }) => Effect.sync(() => snapshots.set(step, readFileSync(file))),
    shouldStop: () => (records.at(-1)?.step ?? 0) >= stopAfter,
  }
  return { records, snapshots, plans, hooks }
}
