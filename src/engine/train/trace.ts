/**
 * A training run written down for an independent program: every draw, prediction, gradient and new value of N updates.
 *
 * The updates are those of a real run, made by the same code; this file only writes beside it. The format is fixed:
 * F32 and I64 tensors under the keys below and no others, settings as JSON in the metadata. `test/reference/replay.py`
 * reads it.
 */
import { Effect } from "effect"
import { safetensorsPieces, type TensorToCome } from "../../formats/write-safetensors.ts"
import { openSchedule } from "../base/open-schedule.ts"
import type { Training } from "../jobs/train-job.ts"
import { type AdapterLayout, adapterMatrices, viewOf } from "./adapter-layout.ts"
import { peakRates } from "./learning-rates.ts"
import { openTrainer, type TrainedPicture, type Update } from "./trainer.ts"
import { writeFile } from "./write-file.ts"

type Tensors = Map<string, TensorToCome>

// Copied, because the run goes on in the same arrays.
const float32 = (shape: readonly number[], data: Float32Array): TensorToCome => ({
  dtype: "F32",
  shape,
  data: Effect.succeed(data.slice()),
})
const int64 = (values: readonly number[]): TensorToCome => ({
  dtype: "I64",
  shape: [values.length],
  data: Effect.succeed(BigInt64Array.from(values, BigInt)),
})

const writeMatrices = (tensors: Tensors, prefix: string, layout: AdapterLayout, flat: Float32Array): void => {
  for (const matrix of adapterMatrices(layout)) {
    tensors.set(`${prefix}/${matrix.name}`, float32(matrix.fileShape, viewOf(flat, matrix)))
  }
}

const writeEmbedding = (tensors: Tensors, prefix: string, { embeddings }: AdapterLayout, flat: Float32Array): void => {
  for (const matrix of embeddings) {
    tensors.set(`${prefix}/${matrix.name}`, float32(matrix.fileShape, viewOf(flat, matrix)))
  }
}

const writeInitial = (tensors: Tensors, layout: AdapterLayout, parameters: Float32Array, alpha: number): void => {
  writeMatrices(tensors, "adapter.init", layout, parameters)
  writeEmbedding(tensors, "embedding.init", layout, parameters)
  for (const { key } of layout.modules) {
    tensors.set(`adapter.init/${key}.alpha`, float32([], Float32Array.of(alpha)))
  }
}

const writePicture = (tensors: Tensors, at: string, { drawn, loss, prediction }: TrainedPicture): void => {
  const shape = [1, ...drawn.sample.latentShape]
  tensors.set(`${at}.latents`, float32(shape, drawn.latents))
  tensors.set(`${at}.noise`, float32(shape, drawn.noise))
  tensors.set(`${at}.timestep`, int64([drawn.timestep]))
  for (const [place, ids] of drawn.text.tokenIds.entries()) {
    tensors.set(place === 0 ? `${at}.tokens` : `${at}.tokens_${place + 1}`, int64(ids))
  }
  if (drawn.sample.conditionShape.pooled !== null)
    tensors.set(`${at}.time_ids`, float32([drawn.sample.timeIds.length], Float32Array.from(drawn.sample.timeIds)))
  tensors.set(`${at}.prediction`, float32(shape, prediction))
  tensors.set(`${at}.loss`, float32([1], Float32Array.of(loss)))
}

const writeUpdate = (tensors: Tensors, layout: AdapterLayout, update: Update, parameters: Float32Array): void => {
  const { index, pictures, gradient, learningRates } = update
  pictures.forEach((picture, place) => {
    writePicture(tensors, `step.${index}.${place}`, picture)
  })
  writeMatrices(tensors, `step.${index}.grad`, layout, gradient)
  if (learningRates.embedding !== undefined) writeEmbedding(tensors, `step.${index}.grad_embedding`, layout, gradient)
  for (const [group, rate] of Object.entries(learningRates)) {
    tensors.set(`step.${index}.lr/${group}`, float32([1], Float32Array.of(rate)))
  }
  writeMatrices(tensors, `adapter.${index}`, layout, parameters)
  writeEmbedding(tensors, `embedding.${index}`, layout, parameters)
}

const settingsOf = ({ settings, encoding }: Training, predictionType: string) => ({
  family: encoding.family,
  clip_skip: encoding.clipSkip,
  scale: settings.networkScale,
  dim: settings.networkDim,
  min_snr_gamma: settings.minSnrGamma,
  prediction_type: predictionType,
  weight_decay: settings.weightDecay,
  betas: settings.betas,
  eps: settings.eps,
  max_grad_norm: settings.maxGradNorm,
  embedding_stop_at: settings.customEmbedding?.stopAtStep ?? null,
  accumulation: settings.gradientAccumulationSteps,
  noise_offset: settings.noiseOffset,
  warmup_steps: settings.warmupSteps,
  learning_rate: { unet: 0, text: 0, embedding: 0, ...peakRates(settings) },
  // Only where the rates are more than warm-up and peak.
  ...(settings.schedule.kind === "constant" ? {} : { schedule: settings.schedule }),
})

/** Writes the trace of the first `steps` updates after the job's start. */
export const trace = Effect.fn("trace")(function* (job: Training, steps: number, file: string) {
  const { settings } = job
  const { predictionType } = yield* openSchedule(job.base, settings.predictionType)
  const { layout, state, update } = yield* openTrainer(job)
  const tensors: Tensors = new Map()
  writeInitial(tensors, layout, state.parameters, settings.networkScale * settings.networkDim)
  for (let done = 0; done < steps; done++) writeUpdate(tensors, layout, yield* update, state.parameters)
  const written = settingsOf(job, predictionType)
  yield* writeFile(
    "the trace",
    file,
    safetensorsPieces(tensors, { loom_trace: "1", settings: JSON.stringify(written) }),
  )
  return null
})
