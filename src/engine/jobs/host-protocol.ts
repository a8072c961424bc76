/**
 * What the engine's two sides say to each other: the parent asks for one job at a time, the host answers.
 *
 * Messages are plain data, sent with the structured clone of `node:child_process`. What lies in the content store crosses by
 * path and is read by the host: "Stored" jobs name files, the others hold their numbers. A failure crosses as its fields and is an
 * `EngineFailure` again on the other side.
 */
import type { EmbeddingRows } from "../../formats/embedding-file.ts"
import type { LoraModule } from "../../formats/lora-file.ts"
import type { PredictionType } from "../../settings/prediction-type.ts"
import type { SamplerName } from "../../settings/sampler-name.ts"
import type { TextCondition } from "../../settings/text-condition.ts"
import type { TextEncoding } from "../../settings/text-encoding.ts"
import type { TrainedStart } from "../../settings/trained-start.ts"
import type { EngineFailure } from "./engine-failure.ts"
import type { StoredFile } from "./stored-file.ts"
import type {
  BaseModelFiles,
  Snapshot,
  StepRecord,
  StoredSample,
  StoredTraining,
  StoredTrainJob,
  TrainFacts,
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
  readonly encoding: TextEncoding
}

/** Numbers with the shape they have, the last axis running fastest. */
export interface Numbers {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

export interface EncodedText {
  /** One list for each text encoder. */
  readonly tokenIds: readonly (readonly number[])[]
  /** Words that did not fit into the encoder's tokens. */
  readonly truncated: readonly string[]
  readonly condition: TextCondition<Numbers>
}

interface PictureFacts {
  readonly base: BaseModelFiles
  readonly prompt: string
  readonly negativePrompt?: string
  readonly encoding: TextEncoding
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

/** A picture as the host is asked for it. */
export interface StoredSampleJob extends PictureFacts {
  /** A kohya LoRA file and how strongly it acts; null: the base model alone. */
  readonly lora: { readonly file: StoredFile; readonly strength: number } | null
  /** A custom embedding's file and the word that calls it up. */
  readonly embedding?: { readonly keyword: string; readonly file: StoredFile } | null
}

/** The same with its files opened. */
export interface SampleJob extends PictureFacts {
  readonly lora: { readonly modules: readonly LoraModule[]; readonly strength: number } | null
  /** Rows for each text encoder, and the word that calls them up. */
  readonly embedding: { readonly keyword: string; readonly rows: readonly EmbeddingRows[] } | null
}

export interface SampledImage {
  /** height × width × 3, red green blue. */
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
}

interface ValidationFacts {
  readonly base: BaseModelFiles
  /** How the captions were encoded. */
  readonly encoding: TextEncoding
  /** What the training started from. */
  readonly trained: TrainedStart
  readonly timesteps: readonly number[]
  /** Of the noise. */
  readonly seed: number
}

/** A validation as the host is asked for it. */
export interface StoredValidateJob extends ValidationFacts {
  readonly samples: readonly StoredSample[]
  /** A LoRA file of the training; null: the adapters as they start, which change nothing. */
  readonly adapter: StoredFile | null
  /** An embedding file of the training; null: the rows as they start. */
  readonly embedding: StoredFile | null
}

/** The same with its numbers. */
export interface ValidateJob extends ValidationFacts {
  readonly samples: readonly TrainSample[]
  readonly adapter: readonly LoraModule[] | null
  readonly embedding: readonly EmbeddingRows[] | null
}

export interface ValidationLosses {
  /** By sample, then by timestep; each a mean of squared errors. */
  readonly losses: readonly (readonly number[])[]
}

export interface NearestWordJob {
  readonly base: BaseModelFiles
  readonly phrase: string
  readonly encoding: TextEncoding
}

/** A word that the base model knows. */
export interface NearestWord {
  readonly word: string
  /** Cosine of the two text states, −1 … 1. */
  readonly likeness: number
}

export interface StoredTraceJob {
  readonly job: StoredTraining
  readonly steps: number
  /** The file to write. */
  readonly file: string
}

/** Every job a host can do, with what it is given and what it gives back. */
export interface HostJobs {
  readonly "encode-image": { readonly job: EncodeImageJob; readonly result: EncodedImage }
  readonly "encode-text": { readonly job: EncodeTextJob; readonly result: EncodedText }
  readonly sample: { readonly job: StoredSampleJob; readonly result: SampledImage }
  readonly train: { readonly job: StoredTrainJob; readonly result: TrainResult }
  readonly "nearest-word": { readonly job: NearestWordJob; readonly result: NearestWord | null }
  readonly validate: { readonly job: StoredValidateJob; readonly result: ValidationLosses }
  readonly trace: { readonly job: StoredTraceJob; readonly result: null }
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
