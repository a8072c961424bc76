/**
 * What is random in one micro-batch: the picture, its latents, whether its caption is dropped, the timestep, the noise.
 *
 * Everything is drawn from streams named by (update, micro-batch), so a draw does not depend on what was drawn before.
 * Latents are z = (mean + e^(½ log-variance) · n − shift) · scale with a fresh n at each use. The noise offset is one
 * normal number per picture and channel, added to the noise, and so to what the UNet is asked for.
 */
import type { NoiseSchedule } from "../../diffusion/noise-schedule.ts"
import { fillNormal, randomStream, type StreamName } from "../../diffusion/random-stream.ts"
import { timestepRange } from "../../diffusion/timestep-range.ts"
import type { VaeConfig } from "../../models/vae-config.ts"
import type { DrawSettings } from "../../settings/train-settings.ts"
import type { TrainSample } from "../jobs/train-job.ts"
import { pictureOrder } from "./picture-order.ts"
import type { TrainingText, TrainingTexts } from "./training-texts.ts"

export interface MicroBatch {
  readonly sample: TrainSample
  /** Its caption, or the empty one. */
  readonly text: TrainingText
  readonly timestep: number
  /** As trained on: scaled. */
  readonly latents: Float32Array
  /** As added: offset included. */
  readonly noise: Float32Array
}

/** The middle of what could be drawn, scaled as trained on. */
export const meanLatents = ({ mean }: TrainSample, { scaling_factor, shift_factor }: VaeConfig): Float32Array =>
  mean.map((center) => (center - (shift_factor ?? 0)) * scaling_factor)

const drawLatents = (sample: TrainSample, { scaling_factor, shift_factor }: VaeConfig, name: StreamName) => {
  const { normal } = randomStream(name)
  const shift = shift_factor ?? 0
  const { mean, logVariance } = sample
  return mean.map((center, at) => (center + Math.exp(0.5 * logVariance[at]!) * normal() - shift) * scaling_factor)
}

const addOffset = (noise: Float32Array, channels: number, deviation: number, name: StreamName): void => {
  const { normal } = randomStream(name)
  const area = noise.length / channels
  for (let channel = 0; channel < channels; channel++) {
    const offset = deviation * normal()
    for (let at = channel * area; at < (channel + 1) * area; at++) noise[at]! += offset
  }
}

/** Draws micro-batch `index` of update `update`, both counted from 0. */
export const microBatches = (
  settings: DrawSettings,
  samples: readonly TrainSample[],
  texts: Pick<TrainingTexts, "captions" | "empty">,
  schedule: NoiseSchedule,
  vae: VaeConfig,
): ((update: number, index: number) => MicroBatch) => {
  const { seed, noiseOffset, captionDropout, gradientAccumulationSteps: accumulation } = settings
  const pictureOf = pictureOrder(seed, samples.length)
  const { lowest, highest } = timestepRange(settings.denoising, schedule.trainTimesteps)
  return (update, index) => {
    const stream = (purpose: StreamName["purpose"]): StreamName => ({ seed, purpose, step: update, sample: index })
    const picture = pictureOf(update * accumulation + index)
    const sample = samples[picture]!
    const dropped = captionDropout > 0 && randomStream(stream("caption-dropout")).uniform() < captionDropout
    const noise = fillNormal(new Float32Array(sample.mean.length), randomStream(stream("noise")))
    if (noiseOffset > 0) addOffset(noise, sample.latentShape[0]!, noiseOffset, stream("noise-offset"))
    return {
      sample,
      text: (dropped ? texts.empty : null) ?? texts.captions[picture]!,
      timestep: randomStream(stream("timestep")).integer(lowest, highest),
      latents: drawLatents(sample, vae, stream("latents")),
      noise,
    }
  }
}
