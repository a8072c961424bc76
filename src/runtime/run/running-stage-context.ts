/** The `StageContext` of one running stage or item: the runtime's services, with the stage's name on everything they report, and its speaker's on what goes wrong. */
import { Effect, Option, type Stream } from "effect"
import type { Blob } from "../model/blob.ts"
import { Events } from "../model/events.ts"
import { soundProgress } from "../model/sound-progress.ts"
import { StageContext } from "../model/stage-context.ts"
import { StageFailure } from "../model/stage-failure.ts"
import { StorageFailure } from "../model/storage-failure.ts"
import { BlobMissing, Blobs } from "../storage/blobs.ts"
import { Flights } from "../storage/flights.ts"
import { type RunId, Store } from "../storage/store.ts"
import { Trajectories } from "../storage/trajectory.ts"

export interface RunningAs {
  readonly runId: RunId
  readonly label: string
  readonly speaker: string
  readonly item: string | undefined
  readonly stopRequested: () => boolean
  readonly waypoints?: Iterable<number>
}

export const runningStageContext = Effect.fnUntraced(function* ({
  runId,
  label,
  speaker,
  item,
  stopRequested,
  waypoints = [],
}: RunningAs) {
  const events = yield* Events
  const blobs = yield* Blobs
  const store = yield* Store
  const trajectories = yield* Trajectories
  const flights = yield* Flights
  const at = item === undefined ? { label } : { label, item }
  const rows = new Map<string, number>()
  // A row without a step of its own is numbered in order of arrival.
  const stepOf = (name: string, row: Readonly<Record<string, number>>): number => {
    const told = row["step"]
    const step = Number.isSafeInteger(told) ? told! : (rows.get(name) ?? -1) + 1
    rows.set(name, step)
    return step
  }
  return StageContext.of({
    label,
    item,
    blobs: {
      put: (bytes) => asWork(speaker, blobs.put(bytes)),
      putStream: <E, R>(pieces: Stream.Stream<Uint8Array, E, R>) =>
        asWork(speaker, blobs.putStream(pieces)) as Effect.Effect<Blob, StageFailure | E, R>,
      scratch: asWork(speaker, blobs.scratch),
      take: (file) => asWork(speaker, blobs.take(file)),
      bytes: (blob) => asWork(speaker, blobs.bytes(blob)),
      path: (blob) => asWork(speaker, blobs.path(blob)),
    },
    progress: (progress) => events.publish({ type: "stage-progress", ...at, ...soundProgress(progress) }),
    warn: (message, hint = "") => events.publish({ type: "warning", ...at, label: speaker, message, hint }),
    log: (message) => events.publish({ type: "logged", ...at, message }),
    trajectory: {
      furthest: (keys) => asWork(speaker, trajectories.furthest(keys)),
      setOut: (keys, marks) =>
        asWork(
          speaker,
          flights.setOut({
            ...{ keys, marks },
            done: Effect.map(
              trajectories.furthest(keys),
              Option.match({ onNone: () => 0, onSome: ({ index }) => index + 1 }),
            ),
            isGivenUp: stopRequested,
            onWait: ({ pid, host }) =>
              events.publish({ type: "stage-waiting", ...at, owner: `process ${pid} on ${host}` }),
          }),
        ),
      file: (key, blob) => asWork(speaker, trajectories.file(key, blob)),
    },
    stopRequested,
    waypoints: [...new Set(waypoints)].sort((a, b) => a - b),
    record: (name, row) =>
      asWork(
        speaker,
        Effect.suspend(() => store.recordMetric(runId, label, name, stepOf(name, row), row)),
      ),
  })
})

/** What is not the storage's own stays as it is. */
type Spoken<E> = StageFailure | Exclude<E, StorageFailure | BlobMissing>

const asWork = <A, E, R>(speaker: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, Spoken<E>, R> =>
  Effect.mapError(effect, (error) => {
    if (error instanceof StorageFailure) return new StageFailure({ ...sentences(error), kind: "work", cause: error })
    if (!(error instanceof BlobMissing)) return error as Spoken<E>
    const what = "A stored result could not be read"
    return new StageFailure({ what, where: speaker, why: error.why, hint: error.hint, kind: "work", cause: error })
  })

const sentences = ({ what, where, why, hint }: StorageFailure) => ({ what, where, why, hint })
