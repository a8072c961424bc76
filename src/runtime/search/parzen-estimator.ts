/**
 * A Parzen estimator: the density of points as a mixture, with one component around each observed point and one, the prior, over all.
 *
 * A component is the product of one kernel for each dimension, so what goes together in the observations stays together. Older
 * observations weigh less when there are many.
 */
import type { ParzenKernels } from "./parzen-kernels.ts"

/** Of the last so many observations all weigh the same. */
const fullWeights = 25

/**
 * Natural logarithms of the weights of `observations` components in the order of the trials, and of the prior's; together the weights
 * are 1. The oldest of more than 25 weigh from 1 / observations up to 1 in equal steps, all others and the prior 1, before they are divided.
 */
export const logWeights = (observations: number): Float64Array => {
  const ramp = observations - fullWeights
  const weights = new Float64Array(observations + 1).fill(1)
  for (let old = 0; old < ramp; old++) {
    weights[old] = 1 / observations + (ramp === 1 ? 0 : (old / (ramp - 1)) * (1 - 1 / observations))
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => Math.log(weight / total))
}

/** Natural logarithm of the sum of exponentials. */
const logSumExp = (logs: Float64Array): number => {
  let largest = Number.NEGATIVE_INFINITY
  for (let place = 0; place < logs.length; place++) if (logs[place]! > largest) largest = logs[place]!
  let sum = 0
  for (let place = 0; place < logs.length; place++) sum += Math.exp(logs[place]! - largest)
  return largest + Math.log(sum)
}

/** Weights as logarithms, not always divided by their sum, and the kernels of each dimension. */
export interface ParzenEstimator {
  readonly weights: Float64Array
  readonly kernels: readonly ParzenKernels[]
}

/** Of the components where further dimensions have these values, weights in proportion to what is left of each. */
export const weightsGiven = (
  weights: Float64Array,
  kernels: readonly ParzenKernels[],
  values: readonly number[],
): Float64Array => {
  const sums = weights.slice()
  kernels.forEach(({ addLogs }, axis) => {
    addLogs(values[axis]!, sums)
  })
  return sums
}

/** Natural logarithm of the density at values in the order of the kernels; off by a constant where the weights were not divided. */
export const logDensity = ({ weights, kernels }: ParzenEstimator, values: readonly number[]): number =>
  logSumExp(weightsGiven(weights, kernels, values))

/** The component at `unit`, between 0 and 1, of the mixture. */
export const componentAt = ({ weights }: ParzenEstimator, unit: number): number => {
  const total = logSumExp(weights)
  let left = unit
  for (let component = 0; component < weights.length - 1; component++) {
    left -= Math.exp(weights[component]! - total)
    if (left < 0) return component
  }
  return weights.length - 1
}
