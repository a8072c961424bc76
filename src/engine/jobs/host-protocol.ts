/**
 * What the engine's two sides say to each other: the parent asks for one job at a time, the host answers.
 *
 * Messages are plain data with typed arrays, sent with the structured clone of `node:child_process`. A failure crosses
 * as its fields and is an `EngineFailure` again on the other side.
 */
import type { SamplerName } from "../../diffusion/samplers.ts"
import type { PredictionType } from "../../diffusion/scheduler-config.ts"
import type { TrainedStart } from "../../settings/trained-start.ts"
import type { EngineFailure } from "./engine-failure.ts"
import type {
  BaseModelFiles,
  Snapshot,
  StepRecord,
  TrainFacts,
  TrainJob,
  TrainResult,
  TrainSample,
} from "./train-job.ts"

export interface EncodeImageJob {
  readonly base: BaseModelFiles
  /** [3, height, width], −1 … 1. */
  readonly pixels: Float32Array
  readonly height: number
  readonly width: number
}

export interface EncodedImage {
  readonly mean: Float32Array
  readonly logVariance: Float32Array
  /** [channels, height, width] of the latents. */
  readonly shape: readonly number[]
}

export interface EncodeTextJob {
  readonly base: BaseModelFiles
  readonly text: string
  /** 1: none. */
  readonly clipSkip: number
}

export interface EncodedText {
  /** One list for each text encoder. */
  readonly tokenIds: readonly (readonly number[])[]
  /** Words that did not fit into the encoder's tokens. */
  readonly truncated: readonly string[]
  readonly states: Float32Array
  /** [tokens, width] of the states; of several encoders, their widths together. */
  readonly shape: readonly number[]
  /** SDXL's pooled vector; null in other families. */
  readonly pooled: Float32Array | null
}

export interface SampleJob {
  readonly base: BaseModelFiles
  readonly prompt: string
  readonly negativePrompt?: string
  readonly clipSkip: number
  /** A kohya LoRA file's bytes and how strongly it acts; null: the base model alone. */
  readonly lora: { readonly bytes: Uint8Array; readonly strength: number } | null
  /** A custom embedding's file and the word that calls it up. */
  readonly embedding?: { readonly keyword: string; readonly bytes: Uint8Array } | null
  readonly sampler: SamplerName
  readonly steps: number
  /** Classifier-free guidance; 1: none. */
  readonly guidanceScale: number
  readonly seed: number
  /** Of the picture, in pixels; multiples of the VAE's factor times the UNet's. */
  readonly height: number
  readonly width: number
  /** null: as the base model's scheduler says. */
  readonly predictionType?: PredictionType | null
}

export interface SampledImage {
  /** height × width × 3, red green blue. */
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
}

export interface ValidateJob {
  readonly base: BaseModelFiles
  /** What the training started from. */
  readonly trained: TrainedStart
  readonly samples: readonly TrainSample[]
  /** A LoRA file of the training; null: the adapters as they start, which change nothing. */
  readonly adapter: Uint8Array | null
  /** An embedding file of the training; null: the rows as they start. */
  readonly embedding: Uint8Array | null
  readonly timesteps: readonly number[]
  /** Of the noise. */
  readonly seed: number
}

export interface ValidationLosses {
  /** By sample, then by timestep; each a mean of squared errors. */
  readonly losses: readonly (readonly number[])[]
}

export interface NearestWordJob {
  readonly base: BaseModelFiles
  readonly phrase: string
  /** 1: none. */
  readonly clipSkip: number
}

/** A word that the base model knows. */
export interface NearestWord {
  readonly word: string
  /** Cosine of the two text states, −1 … 1. */
  readonly likeness: number
}

export interface TraceJob {
  readonly job: TrainJob
  readonly steps: number
}

/** Every job a host can do, with what it is given and what it gives back. */
export interface HostJobs {
  readonly "encode-image": { readonly job: EncodeImageJob; readonly result: EncodedImage }
  readonly "encode-text": { readonly job: EncodeTextJob; readonly result: EncodedText }
  readonly sample: { readonly job: SampleJob; readonly result: SampledImage }
  readonly train: { readonly job: TrainJob; readonly result: TrainResult }
  readonly "nearest-word": { readonly job: NearestWordJob; readonly result: NearestWord | null }
  readonly validate: { readonly job: ValidateJob; readonly result: ValidationLosses }
  readonly trace: { readonly job: TraceJob; readonly result: Uint8Array }
}
export type HostJobName = keyof HostJobs

export type HostRequest = {
  readonly [N in HostJobName]: { readonly name: N; readonly job: HostJobs[N]["job"]; readonly threads: number }
}[HostJobName]

export type ToHost =
  | { readonly kind: "start"; readonly request: HostRequest }
  /** Asks a training job to end after the step it is in. */
  | { readonly kind: "stop" }

/** What a training job tells on its way. */
export type Progress =
  | { readonly kind: "start"; readonly facts: TrainFacts }
  | { readonly kind: "step"; readonly record: StepRecord }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }

export type FailureFields = Pick<EngineFailure, "what" | "why" | "hint" | "kind">

export type FromHost =
  | Progress
  | { readonly kind: "done"; readonly result: HostJobs[HostJobName]["result"] }
  | { readonly kind: "failed"; readonly failure: FailureFields }
