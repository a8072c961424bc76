/**
 * What a running stage may ask of the runtime, and nothing else: bytes, progress, warnings, snapshots, whether to stop.
 *
 * Everything here leaves the key untouched. A stage that reads the outside world by other means will be wrong some
 * day; that is what a source is for.
 */
import { Context, type Effect, type Option, type Scope, type Stream } from "effect"
import type { Blob } from "./blob.ts"
import type { Problem, StageFailure } from "./stage-failure.ts"

/** How far a stage is. */
export interface Progress {
  /** So many of `of`. */
  readonly done: number
  /** 0: not known. */
  readonly of: number
  /** What is counted: "steps", "pictures". */
  readonly unit: string
  /** What is still to be done, where that is less than `of` − `done` because some of it is known from before. */
  readonly left?: number
  /** Shown beside the bar, by name: `{ lossSmoothed: 0.07 }`. */
  readonly metrics?: Readonly<Record<string, number>>
}

/** Bytes that a stage reads and makes. */
export interface StageBlobs {
  /** Keeps bytes in the cache and names them. */
  readonly put: (bytes: Uint8Array) => Effect.Effect<Blob, StageFailure>
  /** The same of bytes that come in pieces, of which none is kept: as many gigabytes as the disk holds. */
  readonly putStream: <E, R>(pieces: Stream.Stream<Uint8Array, E, R>) => Effect.Effect<Blob, StageFailure | E, R>
  /** A folder for files that are being made; it goes with the scope. */
  readonly scratch: Effect.Effect<string, StageFailure, Scope.Scope>
  /** Moves a finished file of a scratch folder into the cache, without copying it. */
  readonly take: (file: string) => Effect.Effect<Blob, StageFailure>
  /** The bytes of a blob. */
  readonly bytes: (blob: Blob) => Effect.Effect<Uint8Array, StageFailure>
  /** An absolute file that holds exactly these bytes; not to be written to. */
  readonly path: (blob: Blob) => Effect.Effect<string, StageFailure>
}

/** Snapshots of a long computation, by the keys of its steps (`chainKeys`). */
export interface StageTrajectory {
  /** The furthest of `keys` under which a snapshot is filed. */
  readonly furthest: (
    keys: readonly string[],
  ) => Effect.Effect<Option.Option<{ readonly index: number; readonly blob: Blob }>, StageFailure>
  /**
   * Before a stretch of work on the way of `keys`: waits as long as somebody else is about to file a snapshot on it, so that steps which
   * two computations share are done once; then keeps others waiting until the scope closes. `marks`: keys of the steps at which
   * this stretch will file snapshots. Look again for the furthest snapshot afterwards. Waiting ends when the run is asked to stop.
   */
  readonly setOut: (keys: readonly string[], marks: readonly string[]) => Effect.Effect<void, StageFailure, Scope.Scope>
  /** Files a snapshot under the key of the step it was taken at. */
  readonly file: (key: string, blob: Blob) => Effect.Effect<void, StageFailure>
}

/** What `StageContext` offers. */
export interface StageContextShape {
  /** "crop", "crop-2": the stage's name within its pipeline. */
  readonly label: string
  /** The item at hand, in an item stage. */
  readonly item: string | undefined
  /** Bytes that it reads and makes. */
  readonly blobs: StageBlobs
  /** How far it is, for the bar. */
  readonly progress: (progress: Progress) => Effect.Effect<void>
  /** Something the user should know and may want to change. */
  readonly warn: (message: string, hint?: string) => Effect.Effect<void>
  /** A line about the work that is worth reading once. */
  readonly log: (message: string) => Effect.Effect<void>
  /** Snapshots, for a stage that can go on from where it was killed. */
  readonly trajectory: StageTrajectory
  /** Steps, rising, at which a snapshot is wanted beside those the stage takes anyway, if it passes there. */
  readonly waypoints: readonly number[]
  /** True once the user asked the run to stop: save, then fail with `StageStopped`. */
  readonly stopRequested: () => boolean
  /** Adds a row to the run's metrics: a line of the loss curve. */
  readonly record: (name: string, row: Readonly<Record<string, number>>) => Effect.Effect<void, StageFailure>
}

/** What a running stage may ask of the runtime, for stages whose `run` is an Effect; others have `Work`. */
export class StageContext extends Context.Service<StageContext, StageContextShape>()("loom/runtime/StageContext") {}

/** What `SourceContext` offers. */
export interface SourceContextShape {
  /** The folder of the pipeline file; relative paths start here. */
  readonly root: string
  /** The content of a file as a blob; hashed once per change of the file. */
  readonly fileBlob: (absolutePath: string) => Effect.Effect<Blob, StageFailure>
  /** Something the user should know and may want to change. */
  readonly warn: (message: string, hint: string) => Effect.Effect<void>
  /** Reports one of several things wrong with what was read; errors stop the run before any work is done. */
  readonly problem: (problem: Problem) => Effect.Effect<void>
}

/** What a source may ask of the runtime while it reads. */
export class SourceContext extends Context.Service<SourceContext, SourceContextShape>()("loom/runtime/SourceContext") {}
