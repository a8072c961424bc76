/** What a UNet is told of a picture's sizes: a few numbers, each as the sinusoid that the timestep gets too. */
import { type TimeFeatureOptions, timeFeatures } from "../../diffusion/time-features.ts"
import { timeIdFeatureWidth, type UnetConfig } from "../../models/unet-config.ts"

/** How this UNet wants its sinusoids. */
export const frequenciesOf = ({ flip_sin_to_cos, freq_shift }: UnetConfig): TimeFeatureOptions => ({
  flipSinToCos: flip_sin_to_cos,
  freqShift: freq_shift,
})

/** One sinusoid after the other; empty for a UNet that takes no sizes. */
export const timeIdFeatures = (config: UnetConfig, timeIds: readonly number[]): Float32Array => {
  const width = config.addition_time_embed_dim ?? 0
  const features = new Float32Array(timeIdFeatureWidth(config))
  if (features.length === 0) return features
  timeIds.forEach((id, place) => {
    features.set(timeFeatures(id, width, frequenciesOf(config)), place * width)
  })
  return features
}
