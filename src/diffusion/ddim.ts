/**
 * DDIM without added noise (Song et al. 2021, formula 12 with σ = 0): predict the clean latents, then noise them again
 * to the level one stride of timesteps further on.
 *
 *     x_next = √ᾱ_next · x₀ + √(1 − ᾱ_next) · ε
 */
import type { NoiseSchedule } from "./noise-schedule.ts"
import { cleanLatents, type Sampler, type SamplerState, startFrom } from "./sampler.ts"
import { spacedTimesteps } from "./timestep-spacing.ts"

const { sqrt } = Math

/** ᾱ at the level a step ends on. A whole stride below 0 is the clean picture, or ᾱ₀ if the model says so. */
const alphaBarAfter = ({ alphasCumprod, sampling }: NoiseSchedule, timestep: number): number =>
  timestep >= 0 ? alphasCumprod[timestep]! : sampling.setAlphaToOne ? 1 : alphasCumprod[0]!

const step = (
  schedule: NoiseSchedule,
  state: SamplerState,
  prediction: Float32Array,
  alphaBar: number,
  alphaBarNext: number,
): SamplerState => {
  const [signal, noise] = [sqrt(alphaBar), sqrt(1 - alphaBar)]
  const [signalNext, noiseNext] = [sqrt(alphaBarNext), sqrt(1 - alphaBarNext)]
  const clean = cleanLatents(schedule, state.latents, prediction, signal, noise)
  const isEpsilon = schedule.predictionType === "epsilon"
  const latents = state.latents.map((latent, i) => {
    const epsilon = isEpsilon ? prediction[i]! : signal * prediction[i]! + noise * latent
    return signalNext * clean[i]! + noiseNext * epsilon
  })
  return { step: state.step + 1, latents, previousClean: clean }
}

export const ddim: Sampler = {
  name: "DDIM",
  plan: (schedule, steps) => {
    const { trainTimesteps, sampling, alphasCumprod } = schedule
    const timesteps = spacedTimesteps({
      spacing: sampling.timestepSpacing ?? "leading",
      trainTimesteps,
      steps,
      extra: 0,
      stepsOffset: sampling.stepsOffset,
    })
    const stride = Math.floor(trainTimesteps / steps)
    return {
      timesteps,
      initialNoiseScale: 1,
      start: startFrom,
      next: (state, prediction) => {
        const timestep = timesteps[state.step]!
        const after = alphaBarAfter(schedule, timestep - stride)
        return step(schedule, state, prediction, alphasCumprod[timestep]!, after)
      },
    }
  },
}
