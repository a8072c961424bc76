/**
 * What the UNet is shown and what it is asked for, from clean latents x₀ and noise ε:
 *
 *     shown   x_t = √ᾱ_t · x₀ + √(1 − ᾱ_t) · ε
 *     asked   ε, or v = √ᾱ_t · ε − √(1 − ᾱ_t) · x₀
 *
 * In float32 with the roundings of diffusers' `add_noise` and `get_velocity`: the results agree bit for bit, or by one
 * unit in the last place at timesteps where PyTorch's square root is not rounded correctly.
 */
import type { NoiseSchedule } from "./noise-schedule.ts"

const { fround, sqrt } = Math

const coefficients = ({ alphasCumprod }: NoiseSchedule, timestep: number) => {
  const alphaBar = alphasCumprod[timestep]!
  return { signal: fround(sqrt(alphaBar)), noise: fround(sqrt(fround(1 - alphaBar))) }
}

/** a · x + b · y, each product rounded to float32 before the sum. */
const blend = (a: number, x: Float32Array, b: number, y: Float32Array): Float32Array => {
  const result = new Float32Array(x.length)
  for (let i = 0; i < x.length; i++) result[i] = fround(a * x[i]!) + fround(b * y[i]!)
  return result
}

/** x_t. */
export const addNoise = (
  schedule: NoiseSchedule,
  latents: Float32Array,
  noise: Float32Array,
  timestep: number,
): Float32Array => {
  const by = coefficients(schedule, timestep)
  return blend(by.signal, latents, by.noise, noise)
}

/** What the model's prediction is compared with; for ε the noise itself, not a copy. */
export const target = (
  schedule: NoiseSchedule,
  latents: Float32Array,
  noise: Float32Array,
  timestep: number,
): Float32Array => {
  if (schedule.predictionType === "epsilon") return noise
  const by = coefficients(schedule, timestep)
  return blend(by.signal, noise, -by.noise, latents)
}
