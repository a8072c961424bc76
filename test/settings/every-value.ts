/** A value for each parameter that differs from its default. The type checker names a parameter that has none here. */
import { trainRows } from "../../src/settings/train-rows.ts"
import { TrainParams } from "../../src/stages/training/train-params.ts"

export const everyValue: TrainParams = {
  networkDim: 3,
  networkScale: 0.5,
  unetLearningRate: 2e-4,
  textModel: { learningRate: 3e-5 },
  customEmbedding: { keyword: "ohwx", length: 2, learningRate: 1e-3, stopAtStep: 70, initWord: "dog" },
  steps: 90,
  untilStep: 75,
  gradientAccumulationSteps: 2,
  warmupSteps: 8,
  schedule: { kind: "cosine", floor: 1e-6, steps: 60 },
  saveEverySteps: 30,
  seed: 9,
  noiseOffset: 0.05,
  denoising: { start: 0.2, end: 0.9 },
  minSnrGamma: 5,
  captionDropout: 0.1,
  predictionType: "v_prediction",
  maxGradNorm: 0.5,
  weightDecay: 0.1,
  betas: [0.8, 0.99],
  eps: 1e-6,
  snapshotEverySteps: 10,
  memory: "small",
}

export const everyDefault: TrainParams = TrainParams.make({})

/** All names of a record, as its type has them. */
export const namesOf = <R extends object>(record: R): readonly (keyof R & string)[] =>
  Object.keys(record) as (keyof R & string)[]

export const parameters = namesOf(trainRows)
