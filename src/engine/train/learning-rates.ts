/**
 * What is trained in an update, and at which rate: each group has a peak of its own, warm-up and curve are shared.
 *
 * A group that is not in the answer is not trained: it was never there, or it is an embedding that is held from its
 * stop step on. These values are all that the settings of rates and schedule do to the numbers.
 */
import { learningRateAt } from "../../diffusion/learning-rate.ts"
import { adaptedParts } from "../../settings/adapter-spec.ts"
import type { RateSettings, TrainedGroup } from "../../settings/train-settings.ts"

export type LearningRates = Readonly<Partial<Record<TrainedGroup, number>>>

/** The rates before warm-up and schedule. */
export const peakRates = (settings: RateSettings): LearningRates => {
  const { unetLearningRate, textModel, customEmbedding } = settings
  const parts = adaptedParts(settings)
  return {
    ...(customEmbedding !== null && { embedding: customEmbedding.learningRate }),
    ...(parts.text && textModel !== null && { text: textModel.learningRate }),
    ...(parts.unet && { unet: unetLearningRate }),
  }
}

/** The rates of an update, counted from 0. */
export const learningRatesAt = (settings: RateSettings, update: number): LearningRates => {
  const { warmupSteps, schedule: curve, customEmbedding } = settings
  const isHeld = update >= (customEmbedding?.stopAtStep ?? Number.POSITIVE_INFINITY)
  const trained = Object.entries(peakRates(settings)).filter(([group]) => !(isHeld && group === "embedding"))
  return Object.fromEntries(
    trained.map(([group, peak]) => [group, learningRateAt({ peak, warmupSteps, curve }, update)]),
  )
}
