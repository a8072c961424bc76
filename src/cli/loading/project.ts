/** What the commands that look at a pipeline share: the wired pipeline over an open cache, and troubles instead of errors. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Effect } from "effect"
import type { Events } from "../../runtime/model/events.ts"
import type { StageFailure } from "../../runtime/model/stage-failure.ts"
import type { StorageFailure } from "../../runtime/model/storage-failure.ts"
import type { RunFailure, RunStopped } from "../../runtime/run/run-outcome.ts"
import { runtimeLayer } from "../../runtime/run/runtime-layer.ts"
import type { Storage } from "../../runtime/storage/storage.ts"
import { CliFailure } from "../ending/cli-failure.ts"
import { fromRunEnd } from "../ending/run-troubles.ts"

type RuntimeError = RunFailure | RunStopped | StageFailure | StorageFailure

/** Does work over the cache in a folder. */
export const withCache = <A>(
  folder: string,
  work: Effect.Effect<A, RuntimeError | CliFailure, Storage | Events>,
): Effect.Effect<A, CliFailure> =>
  work.pipe(
    Effect.provide(runtimeLayer(resolve(folder))),
    Effect.mapError((error) => (error._tag === "CliFailure" ? error : fromRunEnd(error))),
  )

/** The same over a cache that is there: looking at one that is not must not make it. */
export const withKeptCache = <A>(
  folder: string,
  work: Effect.Effect<A, RuntimeError | CliFailure, Storage | Events>,
): Effect.Effect<A, CliFailure> => {
  if (existsSync(folder)) return withCache(folder, work)
  const hint = "Give the folder of an earlier run with --cache"
  return Effect.fail(CliFailure.one(2, { where: folder, why: "there is no such cache folder", hint }))
}
