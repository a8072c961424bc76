/**
 * DPM-Solver++(2M) (Lu et al. 2022, algorithm 2), as diffusers' `DPMSolverMultistepScheduler` with its defaults: data
 * prediction, second order, midpoint.
 *
 * With α = √ᾱ, noise σ = √(1−ᾱ), λ = ln(α/σ), h = λ_next − λ, and D the predicted clean latents (second order: led on
 * by half the slope since the step before):
 *
 *     x_next = (σ_next / σ) · x − α_next · (e^−h − 1) · D
 *
 * The first step is of first order; so is the last when it goes to no noise at all, or when there are fewer than 15 steps.
 */
import type { NoiseSchedule } from "./noise-schedule.ts"
import { cleanLatents, type Sampler, startFrom } from "./sampler.ts"
import { spacedTimesteps } from "./timestep-spacing.ts"

/** A level of noise: ratio = σ/α, the sigma that others count in. */
interface Level {
  readonly alpha: number
  readonly sigma: number
  readonly lambda: number
}

const levelOfRatio = (ratio: number): Level => {
  const alpha = 1 / Math.sqrt(ratio ** 2 + 1)
  return { alpha, sigma: ratio * alpha, lambda: -Math.log(ratio) }
}

const ratioOf = (alphaBar: number): number => Math.sqrt((1 - alphaBar) / alphaBar)

/** The level before each step, and the one after the last. */
const levelsOf = ({ alphasCumprod, sampling }: NoiseSchedule, timesteps: readonly number[]): readonly Level[] => {
  const last = alphasCumprod.length - 1
  // diffusers puts the smallest float16 in place of a zero ᾱ, so that the first ratio is finite.
  const alphaBarAt = (t: number) => (sampling.zeroTerminalSnr && t === last ? 2 ** -24 : alphasCumprod[t]!)
  const final = sampling.finalSigmasType === "zero" ? 0 : ratioOf(alphasCumprod[0]!)
  return [...timesteps.map((t) => ratioOf(alphaBarAt(t))), final].map(levelOfRatio)
}

/** D: the clean latents, led on by half their slope in λ when there is a step before and second order is wanted. */
const direction = (
  clean: Float32Array,
  previousClean: Float32Array | null,
  slopeRatio: number,
): Float32Array | Float64Array => {
  if (!previousClean) return clean
  return Float64Array.from(clean, (value, i) => value + 0.5 * slopeRatio * (value - previousClean[i]!))
}

export const dpmSolverPp2m: Sampler = {
  name: "DPM++ 2M",
  plan: (schedule, steps) => {
    const { trainTimesteps, sampling } = schedule
    const timesteps = spacedTimesteps({
      spacing: sampling.timestepSpacing ?? "linspace",
      trainTimesteps,
      steps,
      extra: 1,
      stepsOffset: sampling.stepsOffset,
    })
    const levels = levelsOf(schedule, timesteps)
    const endsInFirstOrder = sampling.finalSigmasType === "zero" || (sampling.lowerOrderFinal && steps < 15)
    return {
      timesteps,
      initialNoiseScale: 1,
      start: startFrom,
      next: ({ step, latents, previousClean }, prediction) => {
        const [now, next] = [levels[step]!, levels[step + 1]!]
        const clean = cleanLatents(schedule, latents, prediction, now.alpha, now.sigma)
        const h = next.lambda - now.lambda
        const isFirstOrder = step === 0 || (step === steps - 1 && endsInFirstOrder)
        const slopeRatio = isFirstOrder ? 0 : h / (now.lambda - levels[step - 1]!.lambda)
        const data = direction(clean, isFirstOrder ? null : previousClean, slopeRatio)
        const keep = next.sigma / now.sigma
        const take = -next.alpha * Math.expm1(-h)
        return {
          step: step + 1,
          latents: latents.map((latent, i) => keep * latent + take * data[i]!),
          previousClean: clean,
        }
      },
    }
  },
}
