/** The noise schedule of a base model, from its own scheduler config, with the prediction type overridden on request. */
import { Effect } from "effect"
import { type NoiseSchedule, noiseSchedule } from "../../diffusion/noise-schedule.ts"
import type { PredictionType } from "../../settings/prediction-type.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { readSchedulerConfig } from "./base-config.ts"

export const openSchedule = (
  base: BaseModelFiles,
  predictionType: PredictionType | null,
): Effect.Effect<NoiseSchedule, EngineFailure> =>
  Effect.map(readSchedulerConfig(base), (config) => {
    const schedule = noiseSchedule(config)
    return { ...schedule, predictionType: predictionType ?? schedule.predictionType }
  })
