/** What the commands that look at a pipeline share: the wired pipeline over an open cache, and troubles instead of errors. */
import { resolve } from "node:path"
import { Effect } from "effect"
import type { Events } from "../runtime/model/events.ts"
import type { StageFailure } from "../runtime/model/stage-failure.ts"
import type { StorageFailure } from "../runtime/model/storage-failure.ts"
import type { RunFailure, RunStopped } from "../runtime/run/run-outcome.ts"
import { runtimeLayer } from "../runtime/run/runtime-layer.ts"
import type { Storage } from "../runtime/storage/storage.ts"
import type { CliFailure } from "./cli-failure.ts"
import { fromRunEnd } from "./run-troubles.ts"

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
