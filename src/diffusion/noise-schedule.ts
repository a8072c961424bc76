/**
 * The noise schedule: ᾱ_t, the share of the picture's variance left at timestep t (t = 0 is almost clean).
 *
 *     x_t = √ᾱ_t · x₀ + √(1 − ᾱ_t) · ε         SNR_t = ᾱ_t / (1 − ᾱ_t)
 *
 * ᾱ is computed as PyTorch computes it for diffusers on an x86 CPU, in float32 and bit for bit: `torch.linspace` goes
 * from either end towards the middle with a fused multiply-add, `torch.cumprod` multiplies in double and rounds each
 * entry. Only the rescaling to zero terminal SNR may differ, by 4e-7: it takes square roots, and PyTorch's are not
 * always rounded correctly. Everything derived from ᾱ (SNR, weights, samplers) is double.
 */
import type { PredictionType } from "../settings/prediction-type.ts"
import type { SchedulerConfig, TimestepSpacing } from "./scheduler-config.ts"

export interface NoiseSchedule {
  /** float32 values; index t. */
  readonly alphasCumprod: Float64Array
  readonly trainTimesteps: number
  readonly predictionType: PredictionType
  /** What samplers read beside ᾱ. */
  readonly sampling: {
    /** null: the sampler's own default. */
    readonly timestepSpacing: TimestepSpacing | null
    readonly stepsOffset: number
    readonly setAlphaToOne: boolean
    readonly finalSigmasType: "zero" | "sigma_min"
    readonly lowerOrderFinal: boolean
    /** ᾱ of the noisiest timestep is 0. */
    readonly zeroTerminalSnr: boolean
  }
}

const { fround, sqrt } = Math

/** `torch.linspace(start, end, count, dtype=torch.float32)`. */
const linspaceFloat32 = (start: number, end: number, count: number): Float32Array => {
  const [from, to] = [fround(start), fround(end)]
  const step = fround(fround(to - from) / (count - 1))
  const halfway = Math.floor(count / 2)
  // step · i is exact in double, so the one rounding to float32 is that of a fused multiply-add.
  return Float32Array.from({ length: count }, (_, i) => (i < halfway ? from + step * i : to - step * (count - 1 - i)))
}

/** `torch.cumprod` of float32 on the CPU: the running product is a double. */
const cumulativeProduct = (factors: Float32Array): Float32Array => {
  let product = 1
  return factors.map((factor) => {
    product *= factor
    return product
  })
}

/** Glide's cosine schedule: ᾱ(s) = cos²((s + 0.008) / 1.008 · π/2), β capped at 0.999. */
const cosineBetas = (count: number): Float32Array => {
  const alphaBar = (s: number) => Math.cos((((s + 0.008) / 1.008) * Math.PI) / 2) ** 2
  return Float32Array.from({ length: count }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999),
  )
}

const betasOf = (config: SchedulerConfig): Float32Array => {
  const { beta_start: start, beta_end: end, num_train_timesteps: count } = config
  if (config.trained_betas) return Float32Array.from(config.trained_betas)
  switch (config.beta_schedule) {
    case "linear":
      return linspaceFloat32(start, end, count)
    case "scaled_linear":
      return linspaceFloat32(sqrt(start), sqrt(end), count).map((root) => root * root)
    case "squaredcos_cap_v2":
      return cosineBetas(count)
  }
}

/** Shifts and scales √ᾱ so that it ends at 0 and starts where it did (Lin et al. 2023, algorithm 1), in float32. */
const withZeroTerminalSnr = (betas: Float32Array): Float32Array => {
  const roots = cumulativeProduct(betas.map((beta) => 1 - beta)).map(sqrt)
  const [first, last] = [roots[0]!, roots.at(-1)!]
  const scale = fround(first / fround(first - last))
  const alphaBars = roots.map((root) => fround(fround(root - last) * scale) ** 2)
  return alphaBars.map((alphaBar, i) => 1 - (i === 0 ? alphaBar : fround(alphaBar / alphaBars[i - 1]!)))
}

/** The schedule of a base model. */
export const noiseSchedule = (config: SchedulerConfig): NoiseSchedule => {
  const zeroTerminalSnr = config.rescale_betas_zero_snr
  const betas = zeroTerminalSnr ? withZeroTerminalSnr(betasOf(config)) : betasOf(config)
  const alphasCumprod = Float64Array.from(cumulativeProduct(betas.map((beta) => 1 - beta)))
  return {
    alphasCumprod,
    trainTimesteps: alphasCumprod.length,
    predictionType: config.prediction_type,
    sampling: {
      timestepSpacing: config.timestep_spacing ?? null,
      stepsOffset: config.steps_offset,
      setAlphaToOne: config.set_alpha_to_one,
      finalSigmasType: config.final_sigmas_type,
      lowerOrderFinal: config.lower_order_final,
      zeroTerminalSnr,
    },
  }
}

/** Signal-to-noise ratio ᾱ / (1 − ᾱ), in double. */
export const signalToNoise = ({ alphasCumprod }: NoiseSchedule, timestep: number): number => {
  const alphaBar = alphasCumprod[timestep]!
  return alphaBar / (1 - alphaBar)
}
