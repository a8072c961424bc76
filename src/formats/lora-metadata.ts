/**
 * What a LoRA file says about itself, as text to text: kohya's `ss_…` keys (read by A1111 and most tools), Stability's
 * `modelspec.…` keys (version 1.0.1), and one key of our own, "loom", with everything that is needed to repeat the run.
 *
 * No clock is read: the same run gives the same bytes. A date is written only when the caller passes one.
 */

import { adaptedParts } from "../settings/adapter-spec.ts"
import { familyRecord } from "../settings/family.ts"
import type { PredictionType } from "../settings/prediction-type.ts"
import type { TextEncoding } from "../settings/text-encoding.ts"
import { numberRows } from "../settings/train-rows.ts"
import type { TrainSettings } from "../settings/train-settings.ts"
import { kohyaMetadata } from "../settings/words-elsewhere.ts"

/** A value that JSON can say. */
export type MetadataJson =
  | null
  | boolean
  | number
  | string
  | readonly MetadataJson[]
  | { readonly [member: string]: MetadataJson }

export interface LoraDescription {
  /** Name of the LoRA, without step or extension. */
  readonly name: string
  readonly encoding: TextEncoding
  readonly predictionType: PredictionType
  readonly baseModel: { readonly name: string; readonly sha256?: string }
  /** Of the training. */
  readonly settings: TrainSettings
  /** Updates done when this file was written. */
  readonly step: number
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Timesteps that were drawn, both included. */
  readonly timesteps: { readonly lowest: number; readonly highest: number }
  /** One final caption per picture. */
  readonly captions: readonly string[]
  readonly trigger: string | null
  /** ISO 8601; absent: not said. */
  readonly finishedAt?: string
  /** Every setting, caption and digest that repeats the run. */
  readonly repeat: MetadataJson
}

/** How often each comma-separated tag occurs, as kohya counts them. */
export const tagFrequency = (captions: readonly string[]): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>()
  for (const caption of captions) {
    for (const tag of caption.split(",").map((part) => part.trim().toLowerCase())) {
      if (tag) counts.set(tag, (counts.get(tag) ?? 0) + 1)
    }
  }
  return Object.fromEntries(counts)
}

/** Values as Python prints them, since kohya's readers expect that. */
const printed = (value: string | number | boolean | null): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  return String(value)
}

/** The UNet's rate, or where it is not trained the text encoder's. */
const mainRate = (settings: TrainSettings): number | null =>
  adaptedParts(settings).unet ? settings.unetLearningRate : (settings.textModel?.learningRate ?? null)

/** kohya's keys; those that one parameter decides stand in its row. Source of the names: `train_network.py`, kohya-ss/sd-scripts 48d368f. */
const kohyaKeys = (run: LoraDescription): Readonly<Record<string, string | number | boolean | null>> => {
  const { baseModelVersion, isV2 } = familyRecord(run.encoding.family).elsewhere.kohya
  const { settings } = run
  const images = run.captions.length
  const epochs = (updates: number) => Math.ceil((updates * settings.gradientAccumulationSteps) / Math.max(1, images))
  return {
    ss_output_name: run.name,
    ss_base_model_version: baseModelVersion[run.predictionType],
    ss_v2: isV2,
    ss_sd_model_name: run.baseModel.name,
    ...(run.baseModel.sha256 && { ss_new_sd_model_hash: run.baseModel.sha256 }),
    ss_network_module: "networks.lora",
    ss_network_args: "{}",
    ...kohyaMetadata(numberRows, settings, settings),
    ss_steps: run.step,
    ss_epoch: epochs(run.step),
    ss_num_epochs: epochs(settings.steps),
    ss_num_batches_per_epoch: images,
    ss_num_train_images: images,
    ss_num_reg_images: 0,
    ss_learning_rate: mainRate(settings),
    ss_optimizer: `AdamW(weight_decay=${settings.weightDecay},betas=(${settings.betas.join(", ")}),eps=${settings.eps})`,
    ss_clip_skip: run.encoding.clipSkip,
    ss_mixed_precision: "no",
    ss_cache_latents: true,
    ss_resolution: `(${run.width}, ${run.height})`,
    ss_enable_bucket: false,
    ss_tag_frequency: JSON.stringify({ [run.name]: tagFrequency(run.captions) }),
  }
}

/** Stability's keys. Source: https://github.com/Stability-AI/ModelSpec, version 1.0.1, as kohya fills them. */
const modelspecKeys = (run: LoraDescription): Readonly<Record<string, string>> => ({
  "modelspec.sai_model_spec": "1.0.1",
  "modelspec.architecture": familyRecord(run.encoding.family).elsewhere.modelspec.architecture[run.predictionType],
  "modelspec.implementation": familyRecord(run.encoding.family).elsewhere.modelspec.implementation,
  "modelspec.title": run.name,
  "modelspec.resolution": `${run.width}x${run.height}`,
  "modelspec.prediction_type": run.predictionType === "epsilon" ? "epsilon" : "v",
  "modelspec.timestep_range": `${run.timesteps.lowest},${run.timesteps.highest}`,
  "modelspec.encoder_layer": String(run.encoding.clipSkip),
  ...(run.trigger && { "modelspec.trigger_phrase": run.trigger }),
  ...(run.finishedAt && { "modelspec.date": run.finishedAt }),
})

const sortedMembers = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** The metadata of a LoRA file; `encodeLoraFile` adds the hashes. */
export const loraMetadata = (run: LoraDescription): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(kohyaKeys(run)).map(([name, value]) => [name, printed(value)])),
  ...modelspecKeys(run),
  loom: JSON.stringify(run.repeat, sortedMembers),
})
