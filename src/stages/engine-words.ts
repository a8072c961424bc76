/**
 * Between stages and the engine: files by path instead of by content, and the engine's failures in a stage's words.
 */
import { Effect } from "effect"
import type { EngineFailure } from "../engine/engine-failure.ts"
import type { BaseModelFiles } from "../engine/train-job.ts"
import type { Blob } from "../runtime/blob.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"

/** Where the bytes of a base model's files lie right now. */
export const locateFiles = Effect.fnUntraced(function* (files: Readonly<Record<string, Blob>>) {
  const { blobs } = yield* StageContext
  const entries = yield* Effect.forEach(Object.entries(files), ([name, blob]) =>
    Effect.map(blobs.path(blob), (path) => [name, path] as const),
  )
  return Object.fromEntries(entries) as BaseModelFiles
})

export const stageFailure =
  (where: string) =>
  ({ what, why, hint, kind }: EngineFailure): StageFailure =>
    new StageFailure({ what, where, why, hint, kind })

/** Threads of one engine process: the engine uses two, and gives the same bits with one. */
export const engineCores = 2
