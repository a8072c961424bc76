/**
 * The learning rate of update u (counted from 0): a curve times a warm-up factor (u + 1) / W, at most 1.
 *
 * The first update already has a rate, peak / W, and update W − 1 the whole. Only the value at each update matters to
 * the weights, so two plans that agree up to an update give the same training up to there.
 */
import type { LearningRateCurve } from "../settings/schedule-rows.ts"

export interface LearningRatePlan {
  readonly peak: number
  readonly warmupSteps: number
  /** Absent: constant. */
  readonly curve?: LearningRateCurve
}

/** low + ½ (high − low)(1 + cos(π · progress)). */
const halfCosine = (high: number, low: number, progress: number): number =>
  low + 0.5 * (high - low) * (1 + Math.cos(Math.PI * progress))

const curveAt = ({ peak, warmupSteps, curve }: LearningRatePlan, update: number): number => {
  switch (curve?.kind) {
    case undefined:
    case "constant":
      return peak
    case "cosine": {
      const progress = (update - warmupSteps) / Math.max(1, curve.steps - warmupSteps)
      return halfCosine(peak, curve.floor, Math.min(1, Math.max(0, progress)))
    }
    case "cosine-restarts": {
      // Draw Things' formula: the last value of a period is just above `floor`, the next is the peak again.
      const period = curve.stepsBetweenRestarts - 1
      return halfCosine(peak, curve.floor, (update % period) / period)
    }
    case "hold": {
      const { decayFromStep, floor, steps } = curve
      // The held rate is the peak to the last bit, whatever the floor: held steps are shared.
      if (update <= decayFromStep) return peak
      return peak - (peak - floor) * Math.min(1, (update - decayFromStep) / Math.max(1, steps - decayFromStep))
    }
  }
}

export const learningRateAt = (plan: LearningRatePlan, update: number): number =>
  curveAt(plan, update) * Math.min(1, (update + 1) / Math.max(1, plan.warmupSteps))
