/**
 * Between stages and the engine: files by path instead of by content, failures in a stage's words, and how many cores it may use.
 */
import { Effect } from "effect"
import { EngineThreads } from "../../engine/host/worker-pool.ts"
import type { EngineFailure } from "../../engine/jobs/engine-failure.ts"
import type { StoredFile } from "../../engine/jobs/stored-file.ts"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"

/** Where the bytes of a base model's files lie right now. */
export const locateFiles = Effect.fnUntraced(function* (files: Readonly<Record<string, Blob>>) {
  const { blobs } = yield* StageContext
  const entries = yield* Effect.forEach(Object.entries(files), ([name, blob]) =>
    Effect.map(blobs.path(blob), (path) => [name, path] as const),
  )
  return Object.fromEntries(entries) as BaseModelFiles
})

/** A blob as a job names it. */
export const storedFile = Effect.fnUntraced(function* (blob: Blob) {
  const { blobs } = yield* StageContext
  return { path: yield* blobs.path(blob), sha256: blob.sha256 } satisfies StoredFile
})

export const stageFailure =
  (where: string) =>
  ({ what, why, hint, kind }: EngineFailure): StageFailure =>
    new StageFailure({ what, where, why, hint, kind })

/** Threads of one engine process: the engine uses two, and gives the same bits with one. */
export const engineCores = 2

/** Lets the engine use no more threads than the run has cores. */
export const withinCores =
  (cores: number) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(work, EngineThreads, Math.min(engineCores, cores))
