/**
 * A trajectory: one key per step of a long computation, each chaining the key before it with what is in force at that step.
 *
 * Two computations that agree on their first n steps share their first n keys, whatever comes after; so a snapshot filed
 * under a step's key is found by every computation that passes through the same state. To reach step T, take the furthest
 * snapshot on the way and go on from there. A snapshot's bytes may be gone: then the next one back serves.
 */
import { Clock, Context, Effect, Layer, Option } from "effect"
import type { Blob, Sha256 } from "../model/blob.ts"
import type { Json } from "../model/canonical-json.ts"
import { keyOf } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { Blobs } from "./blobs.ts"
import { Store } from "./store.ts"

/**
 * One key per step. Key i names the state after steps 0…i: it chains key i − 1 (for i = 0 the key of `start`, which holds
 * whatever all steps depend on) with `inForce[i]`. There is no key for "no step taken".
 */
export const chainKeys = (start: Json, inForce: readonly Json[]): readonly string[] => {
  let previous: string = keyOf({ type: "trajectory-start", format: 1, fields: { start } })
  return inForce.map((step) => {
    previous = keyOf({ type: "trajectory-step", format: 1, fields: { previous, inForce: step } })
    return previous
  })
}

/** Snapshots by the key of the step they were taken at. */
export class Trajectories extends Context.Service<
  Trajectories,
  {
    /** The snapshot of the largest index whose bytes are there. */
    readonly furthest: (
      keys: readonly string[],
    ) => Effect.Effect<Option.Option<{ readonly index: number; readonly blob: Blob }>, StorageFailure>
    /** Files a snapshot under the key of the step it was taken at. The first one whose bytes are still there stands. */
    readonly file: (key: string, blob: Blob) => Effect.Effect<void, StorageFailure>
  }
>()("loom/runtime/Trajectories") {
  static readonly layer: Layer.Layer<Trajectories, never, Store | Blobs> = Layer.effect(
    Trajectories,
    Effect.gen(function* () {
      const { attempt, durably, tables } = yield* Store
      const blobs = yield* Blobs

      const furthest = Effect.fn("Trajectories.furthest")(function* (keys: readonly string[]) {
        const rows = yield* attempt("Looking for snapshots", () => tables.trajectories.find(keys))
        for (const row of rows) {
          const blob: Blob = { sha256: row.sha256 as Sha256, sizeBytes: row.sizeBytes }
          if (yield* blobs.exists(blob)) return Option.some({ index: row.index, blob })
        }
        return Option.none()
      })

      const file = Effect.fn("Trajectories.file")(function* (key: string, blob: Blob) {
        if (Option.isSome(yield* furthest([key]))) return
        const nowMs = yield* Clock.currentTimeMillis
        // Minutes of work may hang on a snapshot, so its row must survive a power cut too.
        yield* attempt("Filing a snapshot", () =>
          durably(() => tables.trajectories.file(key, blob.sha256, blob.sizeBytes, nowMs)),
        )
      })

      return { furthest, file }
    }),
  )
}
