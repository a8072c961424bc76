/**
 * Min-SNR weighting of the loss (Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy"):
 *
 *     ε: min(SNR_t, γ) / SNR_t          v: min(SNR_t, γ) / (SNR_t + 1)
 *
 * In double. At SNR 0 (zero-terminal-SNR models) the ε weight is its limit, 1, where the quotient would be 0 / 0.
 */

import type { PredictionType } from "../settings/prediction-type.ts"
import { type NoiseSchedule, signalToNoise } from "./noise-schedule.ts"

/** The weight at a timestep; `gamma` null means that every timestep weighs 1. */
export const minSnrWeight = (
  schedule: NoiseSchedule,
  timestep: number,
  gamma: number | null,
  prediction: PredictionType = schedule.predictionType,
): number => {
  if (gamma === null) return 1
  const snr = signalToNoise(schedule, timestep)
  if (prediction === "v_prediction") return Math.min(snr, gamma) / (snr + 1)
  return snr === 0 ? 1 : Math.min(snr, gamma) / snr
}
