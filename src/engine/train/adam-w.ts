/**
 * AdamW with a limit on the global gradient norm, over one flat array of parameters.
 *
 * Loshchilov and Hutter (2019), in the form of torch.optim.AdamW and torch.nn.utils.clip_grad_norm_: parameters and
 * both moments are kept in float32 as there; the arithmetic between load and store is double, which only makes each
 * result the nearest float32. Clipping is folded into the update, so the gradients themselves stay as they were.
 */

export interface AdamWState {
  readonly parameters: Float32Array
  readonly moment1: Float32Array
  readonly moment2: Float32Array
}

export interface AdamWSettings {
  readonly betas: readonly [number, number]
  readonly eps: number
  readonly weightDecay: number
}

export const gradientNorm = (gradient: Float32Array): number => {
  let sum = 0
  for (let index = 0; index < gradient.length; index++) sum += gradient[index]! * gradient[index]!
  return Math.sqrt(sum)
}

/** The factor that brings a gradient of this norm under the limit; 0 and null mean no limit. */
export const clipFactor = (norm: number, maxNorm: number | null): number =>
  // The 1e-6 is clip_grad_norm_'s guard against a zero norm.
  maxNorm === null || maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6))

/** One update in place. `step` counts this update from 1. */
export const adamWUpdate = (
  { parameters, moment1, moment2 }: AdamWState,
  gradient: Float32Array,
  gradientFactor: number,
  learningRate: number,
  step: number,
  { betas: [beta1, beta2], eps, weightDecay }: AdamWSettings,
): void => {
  const stepSize = learningRate / (1 - beta1 ** step)
  const correction2 = Math.sqrt(1 - beta2 ** step)
  const decay = 1 - learningRate * weightDecay
  for (let index = 0; index < parameters.length; index++) {
    const g = gradient[index]! * gradientFactor
    const m = moment1[index]! + (g - moment1[index]!) * (1 - beta1)
    const v = moment2[index]! * beta2 + g * g * (1 - beta2)
    moment1[index] = m
    moment2[index] = v
    parameters[index] = parameters[index]! * decay - (stepSize * m) / (Math.sqrt(v) / correction2 + eps)
  }
}
