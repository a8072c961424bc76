/**
 * What a training run is given and what it tells while it runs. Plain data only: it crosses to another process.
 */
import type { Effect } from "effect"
import type { MemoryChoice } from "../../settings/memory-mode.ts"
import type { ConditionShape, TextCondition } from "../../settings/text-condition.ts"
import type { TextEncoding } from "../../settings/text-encoding.ts"
import type { TrainedGroup, TrainSettings } from "../../settings/train-settings.ts"
import type { MemoryPlan } from "./memory-need.ts"
import type { StoredFile } from "./stored-file.ts"

/** Path inside a diffusers folder, such as "unet/config.json", to an absolute path. */
export type BaseModelFiles = Readonly<Record<string, string>>

/** One picture with its caption: what is known of it without its numbers. */
export interface SampleFacts {
  /** Named in failures, so that the user finds the picture. */
  readonly key: string
  /** [channels, height, width] of the latents. */
  readonly latentShape: readonly number[]
  /** Word for word; read where a custom embedding has its own tokens in it. */
  readonly caption: string
  /** One list for each text encoder. */
  readonly tokenIds: readonly (readonly number[])[]
  readonly conditionShape: ConditionShape
  /** What the UNet is told of the picture: original height and width, crop top and left, target height and width. */
  readonly timeIds: readonly number[]
}

/** A sample whose numbers lie in the content store; see formats/encoded-sample.ts. */
export interface StoredSample extends SampleFacts {
  readonly latents: StoredFile
  readonly condition: StoredFile
}

/** A sample with its numbers. The latents are drawn afresh from mean and log-variance at each use. */
export interface TrainSample extends SampleFacts {
  readonly mean: Float32Array
  readonly logVariance: Float32Array
  /** null: not read, because the training makes it from the ids. */
  readonly condition: TextCondition<Float32Array> | null
}

interface TrainingFacts {
  readonly base: BaseModelFiles
  /** How the captions were encoded. */
  readonly encoding: TextEncoding
  readonly settings: TrainSettings
  /** Updates already done. */
  readonly fromStep: number
  /** Updates done when the job ends; a snapshot is always taken then. */
  readonly untilStep: number
  readonly snapshotAtSteps: readonly number[]
  /** A snapshot taken after `fromStep` updates; absent when `fromStep` is 0. */
  readonly resume?: StoredFile
  /** Time against memory; changes no number. "auto" when left out. */
  readonly memory?: MemoryChoice
  /** Resident memory of the process that asks, which stays beside the training; the engine fills it in. */
  readonly parentBytes?: number
}

/** A training whose pictures lie in the content store. */
export interface StoredTraining extends TrainingFacts {
  readonly samples: readonly StoredSample[]
}

/** The same with its numbers. */
export interface Training extends TrainingFacts {
  readonly samples: readonly TrainSample[]
}

interface WritesSnapshots {
  /** Where snapshots are written; a folder of this job alone. */
  readonly snapshotFolder: string
}

/** A training as the host is asked for it. */
export interface StoredTrainJob extends StoredTraining, WritesSnapshots {}

/** A training as it is done. */
export interface TrainJob extends Training, WritesSnapshots {}

/** A caption with a custom embedding's tokens in it. */
export interface CaptionFacts {
  /** Of the picture. */
  readonly key: string
  readonly mentions: number
  /** Words that no longer fit into the encoder's tokens. */
  readonly lost: readonly string[]
}

/** What a training is about to train. */
export interface TrainFacts {
  readonly unetModules: number
  /** For each text encoder that has adapters: how many, the layers that run under the CLIP skip, and all it has. */
  readonly textEncoders: readonly { readonly modules: number; readonly run: number; readonly layers: number }[]
  /** Tokens of the custom embedding; 0: none. */
  readonly embeddingTokens: number
  /** With a custom embedding, each caption. */
  readonly captions: readonly CaptionFacts[]
  readonly memory: MemoryPlan
}

/** One line of a training log. `step` counts finished updates, from 1. */
export interface StepRecord {
  readonly step: number
  /** Mean over the update's pictures of the weighted loss. */
  readonly loss: number
  /** Exponential mean of the losses since the first step, so that it goes on unchanged after a resume. */
  readonly lossSmoothed: number
  /** Of the UNet, or where it is not trained of what is. */
  readonly learningRate: number
  /** By group; what is held has none. */
  readonly learningRates: Readonly<Partial<Record<TrainedGroup, number>>>
  /** L2 norm over all gradients before clipping. */
  readonly gradNorm: number
  readonly timesteps: readonly number[]
  /** Weighted loss of each picture, in the order of the timesteps. */
  readonly losses: readonly number[]
  /** Of this step alone. */
  readonly elapsedMs: number
  /** Resident memory of the process that trains. */
  readonly residentBytes: number
}

export interface Snapshot {
  /** Updates done when it was taken. */
  readonly step: number
  /** In the job's folder; whoever is told may move it away. */
  readonly file: string
}

export interface TrainHooks {
  /** Once, before the first step. */
  readonly onStart?: (facts: TrainFacts) => Effect.Effect<void>
  readonly onStep: (record: StepRecord) => Effect.Effect<void>
  readonly onSnapshot: (snapshot: Snapshot) => Effect.Effect<void>
  /** Asked between steps; after a yes a snapshot of the last finished step is taken and the job ends. */
  readonly shouldStop: () => boolean
}

export interface TrainResult {
  /** Updates done, `untilStep` unless the run was stopped. */
  readonly step: number
  readonly stopped: boolean
}
