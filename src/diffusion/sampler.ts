/**
 * What a sampler is: a plan of timesteps, and a pure step from one state to the next.
 *
 *     let state = plan.start(noise)
 *     while (state.step < plan.timesteps.length) {
 *       const prediction = await model(state.latents, plan.timesteps[state.step])
 *       state = plan.next(state, prediction)
 *     }
 *
 * All of a sampler's memory is in the state, so it can be kept, printed and gone back to. Coefficients are double;
 * latents are float32 between steps.
 */
import type { NoiseSchedule } from "./noise-schedule.ts"

export interface SamplerState {
  /** Steps done. */
  readonly step: number
  readonly latents: Float32Array
  /** The clean latents that the step before predicted; null before the first. */
  readonly previousClean: Float32Array | null
}

export interface SamplerPlan {
  /** One per step, noisiest first. */
  readonly timesteps: readonly number[]
  /** Standard deviation of the noise to begin with. */
  readonly initialNoiseScale: number
  readonly start: (noise: Float32Array) => SamplerState
  /** The state after one more step, given the model's prediction (guidance applied) at this one. */
  readonly next: (state: SamplerState, prediction: Float32Array) => SamplerState
}

export interface Sampler {
  readonly name: string
  /** Needs a step count that `stepCountProblem` has nothing against. */
  readonly plan: (schedule: NoiseSchedule, steps: number) => SamplerPlan
}

/** Why this many steps cannot be planned, or null. */
export const stepCountProblem = ({ trainTimesteps }: NoiseSchedule, steps: number): string | null =>
  Number.isInteger(steps) && steps >= 1 && steps < trainTimesteps
    ? null
    : `a sampler takes 1 to ${trainTimesteps - 1} steps, not ${steps}`

/** The state before the first step. */
export const startFrom = (noise: Float32Array): SamplerState => ({ step: 0, latents: noise, previousClean: null })

/** The clean latents that a prediction stands for, at signal √ᾱ and noise √(1−ᾱ). */
export const cleanLatents = (
  schedule: NoiseSchedule,
  latents: Float32Array,
  prediction: Float32Array,
  signal: number,
  noise: number,
): Float32Array => {
  const clean = new Float32Array(latents.length)
  if (schedule.predictionType === "epsilon") {
    for (let i = 0; i < clean.length; i++) clean[i] = (latents[i]! - noise * prediction[i]!) / signal
  } else {
    for (let i = 0; i < clean.length; i++) clean[i] = signal * latents[i]! - noise * prediction[i]!
  }
  return clean
}
