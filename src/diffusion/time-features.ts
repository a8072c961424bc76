/**
 * Sinusoidal features of a timestep (or of an SDXL size), as the UNet expects them: sin and cos of t · f_i with
 *
 *     f_i = exp(−ln(10000) · i / (half − shift)),  half = ⌊dim / 2⌋
 *
 * diffusers computes them in float32 (`get_timestep_embedding`), and t · f_i reaches 1000, so each operation is rounded
 * to float32 here too. exp is rounded correctly; PyTorch's own is off by one unit in the last place for about one
 * frequency in a hundred, which shows as up to 6e-5 in that one feature at large t.
 */

const { fround } = Math

const logMaximalPeriod = fround(-Math.log(10_000))

export interface TimeFeatureOptions {
  /** Cosines first, as Stable Diffusion has it (`flip_sin_to_cos`). */
  readonly flipSinToCos?: boolean
  /** `freq_shift`; Stable Diffusion has 0. */
  readonly freqShift?: number
}

const frequencies = (half: number, shift: number): Float32Array =>
  Float32Array.from({ length: half }, (_, i) => Math.exp(fround(fround(logMaximalPeriod * i) / fround(half - shift))))

/** `dim` features of one number; an odd last one is 0. */
export const timeFeatures = (
  timestep: number,
  dim: number,
  { flipSinToCos = true, freqShift = 0 }: TimeFeatureOptions = {},
): Float32Array => {
  const half = Math.floor(dim / 2)
  const features = new Float32Array(dim)
  const [sinAt, cosAt] = flipSinToCos ? [half, 0] : [0, half]
  for (const [i, frequency] of frequencies(half, freqShift).entries()) {
    const angle = fround(fround(timestep) * frequency)
    features[sinAt + i] = Math.sin(angle)
    features[cosAt + i] = Math.cos(angle)
  }
  return features
}
