/**
 * What a running stage may ask of the runtime, and nothing else: bytes, progress, warnings, snapshots, whether to stop.
 *
 * Everything here leaves the key untouched. A stage that reads the outside world by other means will be wrong some
 * day; that is what a source is for.
 */
import { Context, type Effect, type Option } from "effect"
import type { Blob } from "./blob.ts"
import type { Problem, StageFailure } from "./stage-failure.ts"

export interface Progress {
  readonly done: number
  readonly of: number
  /** What is counted: "steps", "pictures". */
  readonly unit: string
  /** What is still to be done, where that is less than `of` − `done` because some of it is known from before. */
  readonly left?: number
  readonly metrics?: Readonly<Record<string, number>>
}

export interface StageBlobs {
  readonly put: (bytes: Uint8Array) => Effect.Effect<Blob, StageFailure>
  readonly bytes: (blob: Blob) => Effect.Effect<Uint8Array, StageFailure>
  /** An absolute file that holds exactly these bytes; not to be written to. */
  readonly path: (blob: Blob) => Effect.Effect<string, StageFailure>
}

export interface StageTrajectory {
  /** The furthest of `keys` under which a snapshot is filed. */
  readonly furthest: (
    keys: readonly string[],
  ) => Effect.Effect<Option.Option<{ readonly index: number; readonly blob: Blob }>, StageFailure>
  readonly file: (key: string, blob: Blob) => Effect.Effect<void, StageFailure>
}

export class StageContext extends Context.Service<
  StageContext,
  {
    /** "crop", "crop-2": the stage's name within its pipeline. */
    readonly label: string
    /** The item at hand, in an item stage. */
    readonly item: string | undefined
    readonly blobs: StageBlobs
    readonly progress: (progress: Progress) => Effect.Effect<void>
    readonly warn: (message: string, hint?: string) => Effect.Effect<void>
    /** A line about the work that is worth reading once. */
    readonly log: (message: string) => Effect.Effect<void>
    readonly trajectory: StageTrajectory
    /** True once the user asked the run to stop: save, then fail with `StageStopped`. */
    readonly stopRequested: () => boolean
    /** Adds a row to the run's metrics: a line of the loss curve. */
    readonly record: (name: string, row: Readonly<Record<string, number>>) => Effect.Effect<void, StageFailure>
  }
>()("loom/runtime/StageContext") {}

export class SourceContext extends Context.Service<
  SourceContext,
  {
    /** The folder of the pipeline file; relative paths start here. */
    readonly root: string
    /** The content of a file as a blob; hashed once per change of the file. */
    readonly fileBlob: (absolutePath: string) => Effect.Effect<Blob, StageFailure>
    readonly warn: (message: string, hint: string) => Effect.Effect<void>
    /** Reports one of several things wrong with what was read; errors stop the run before any work is done. */
    readonly problem: (problem: Problem) => Effect.Effect<void>
  }
>()("loom/runtime/SourceContext") {}
