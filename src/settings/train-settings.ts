/**
 * The settings that a training run obeys, made from the rows: all that the numbers depend on, in one object, which is written
 * into the finished file as it is.
 *
 * Whoever reads some of it alone takes a part: the parts below, or an `AdapterSpec`. `TrainSettings.make` fills in the defaults.
 */
import { Schema } from "effect"
import { settingFieldsOf } from "./row.ts"
import { numberRows } from "./train-rows.ts"

export const TrainSettings = Schema.Struct({
  ...settingFieldsOf(numberRows),
})
export type TrainSettings = typeof TrainSettings.Type

/** The step that the training ends at. */
export const lastStep = ({ steps, untilStep }: Pick<TrainSettings, "steps" | "untilStep">): number => untilStep ?? steps

/** What has a learning rate of its own. */
export type TrainedGroup = "embedding" | "text" | "unet"

/** What is learned at which rate, update by update. */
export type RateSettings = Pick<
  TrainSettings,
  "networkDim" | "unetLearningRate" | "textModel" | "customEmbedding" | "warmupSteps" | "schedule"
>

/** How an update's pictures, captions, timesteps and noise are drawn. */
export type DrawSettings = Pick<
  TrainSettings,
  "seed" | "gradientAccumulationSteps" | "noiseOffset" | "captionDropout" | "denoising"
>

/** How gradients become new parameters. */
export type OptimizerSettings = Pick<TrainSettings, "maxGradNorm" | "weightDecay" | "betas" | "eps">
