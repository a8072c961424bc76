/** The `StageContext` of one running stage or item: the runtime's services, with the stage's name on everything they report, and its speaker's on what goes wrong. */
import { Effect } from "effect"
import { Events } from "../model/events.ts"
import { StageContext } from "../model/stage-context.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { type BlobMissing, Blobs } from "../storage/blobs.ts"
import { type RunId, Store } from "../storage/store.ts"
import { Trajectories } from "../storage/trajectory.ts"

export interface RunningAs {
  readonly runId: RunId
  readonly label: string
  readonly speaker: string
  readonly item: string | undefined
  readonly stopRequested: () => boolean
}

export const runningStageContext = Effect.fnUntraced(function* ({
  runId,
  label,
  speaker,
  item,
  stopRequested,
}: RunningAs) {
  const events = yield* Events
  const blobs = yield* Blobs
  const store = yield* Store
  const trajectories = yield* Trajectories
  const at = item === undefined ? { label } : { label, item }
  const rows = new Map<string, number>()
  // A row without a step of its own is numbered in order of arrival.
  const stepOf = (name: string, row: Readonly<Record<string, number>>): number => {
    const step = row["step"] ?? (rows.get(name) ?? -1) + 1
    rows.set(name, step)
    return step
  }
  return StageContext.of({
    label,
    item,
    blobs: {
      put: (bytes) => asWork(speaker, blobs.put(bytes)),
      bytes: (blob) => asWork(speaker, blobs.bytes(blob)),
      path: (blob) => asWork(speaker, blobs.path(blob)),
    },
    progress: (progress) => events.publish({ type: "stage-progress", ...at, ...progress }),
    warn: (message, hint = "") => events.publish({ type: "warning", ...at, label: speaker, message, hint }),
    log: (message) => events.publish({ type: "logged", ...at, message }),
    trajectory: {
      furthest: (keys) => asWork(speaker, trajectories.furthest(keys)),
      file: (key, blob) => asWork(speaker, trajectories.file(key, blob)),
    },
    stopRequested,
    record: (name, row) =>
      asWork(
        speaker,
        Effect.suspend(() => store.recordMetric(runId, label, name, stepOf(name, row), row)),
      ),
  })
})

const asWork = <A>(speaker: string, effect: Effect.Effect<A, StorageFailure | BlobMissing>) =>
  Effect.mapError(effect, (error) => {
    if (error._tag === "StorageFailure") return new StageFailure({ ...sentences(error), kind: "work" })
    const what = "A stored result could not be read"
    return new StageFailure({ what, where: speaker, why: error.why, hint: error.hint, kind: "work", cause: error })
  })

const sentences = ({ what, where, why, hint }: StorageFailure) => ({ what, where, why, hint })
