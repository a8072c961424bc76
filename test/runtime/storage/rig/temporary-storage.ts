/** A storage layer over a fresh folder that goes away with the test, and short ways to make results. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import type { Json } from "../../../../src/runtime/model/canonical-json.ts"
import { keyOf, type PreImage } from "../../../../src/runtime/model/fingerprint.ts"
import type { StorageFailure } from "../../../../src/runtime/model/storage-failure.ts"
import type { NewResult } from "../../../../src/runtime/storage/cache.ts"
import { type CommitPoint, CommitPoints } from "../../../../src/runtime/storage/commit-points.ts"
import { LeaseTiming } from "../../../../src/runtime/storage/lease-holder.ts"
import { thisProcess } from "../../../../src/runtime/storage/process-identity.ts"
import { type Storage, storageLayer } from "../../../../src/runtime/storage/storage.ts"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "loom-storage-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })),
)

/** Opens a folder's storage, does something, closes it. Each call is a fresh opening, as a new process would do it. */
export const inStorage = <A, E>(
  folder: string,
  work: Effect.Effect<A, E, Storage>,
): Effect.Effect<A, E | StorageFailure> => Effect.provide(work, storageLayer(folder))

/** Whether this system tells enough of its processes to see that one is gone; Windows does not. */
export const seesDeaths = thisProcess().boot !== "" && thisProcess().space !== ""

/** Leases that are given up on within a test's patience. */
export const hastyLeases = Layer.succeed(LeaseTiming, { beatMs: 20, silenceMs: 150, firstPollMs: 5, lastPollMs: 20 })

/** Calls `reached` at each commit point. */
export const watchCommitPoints = (reached: (point: CommitPoint) => void) => Layer.succeed(CommitPoints, reached)

export const preImage = (fields: Readonly<Record<string, Json>>): PreImage => ({ type: "stage", format: 1, fields })

/** A result of a stage "count" at the place demo/count. */
export const result = (fields: Readonly<Record<string, Json>>, output: Json): NewResult => ({
  key: keyOf(preImage(fields)),
  preImage: preImage(fields),
  pipeline: "demo",
  label: "count",
  stage: "count",
  output,
  elapsedMs: 5,
})
