/**
 * The worker pool: the parent's host processes, as many as there are cores for, each with one job at a time and its
 * sessions warm.
 *
 * The pool lends places; a place starts its process when a job needs one, so nothing runs before the first job, and a
 * process that ended is replaced at the next. Interruption of a job and the end of the scope kill what is running.
 */
import { availableParallelism } from "node:os"
import { Context, Effect, Pool, Queue, type Scope } from "effect"
import { EngineFailure } from "../jobs/engine-failure.ts"
import type { FromHost, HostJobName, HostJobs, HostRequest, Progress } from "../jobs/host-protocol.ts"
import { hadNotBegun, hostGoneFailure } from "./host-gone.ts"
import { type HostProcess, startHostProcess } from "./host-process.ts"

/**
 * Threads of a session. With one and two the results are the same to the last bit; three and more differ from them, so
 * the default keeps a run repeatable on machines with more cores.
 */
export const EngineThreads = Context.Reference<number>("loom/engine/EngineThreads", {
  defaultValue: () => Math.min(2, availableParallelism()),
})

/** More threads than cores slow each other down by far more than their number. */
const placesFor = (threads: number): number => Math.max(1, Math.floor(availableParallelism() / threads))

/** An unused process goes away after this, and its memory with it. */
const idleTime = "30 seconds"

/** Processes that a job is given at most, where signals end them at their birth. */
const startsAtMost = 5

interface Place {
  host: HostProcess | undefined
}

const vacate = (place: Place) =>
  Effect.sync(() => {
    place.host?.kill()
    place.host = undefined
  })

export interface JobOptions {
  readonly onProgress?: (progress: Progress) => Effect.Effect<void>
  readonly shouldStop?: () => boolean
}

export interface WorkerPool {
  readonly run: <N extends HostJobName>(
    name: N,
    job: HostJobs[N]["job"],
    options?: JobOptions,
  ) => Effect.Effect<HostJobs[N]["result"], EngineFailure>
}

/** Passes the user's wish to stop on, once, soon after it was made. */
const watchForStop = (host: HostProcess, shouldStop: () => boolean) =>
  Effect.gen(function* () {
    while (!shouldStop()) yield* Effect.sleep("50 millis")
    yield* host.tell({ kind: "stop" })
  })

/** Listens until the job is done. `first` is the host's first message. */
const listen = <N extends HostJobName>(host: HostProcess, place: Place, first: FromHost, { onProgress }: JobOptions) =>
  Effect.gen(function* () {
    let message: FromHost = first
    while (true) {
      switch (message.kind) {
        case "done":
          // The host answers a request with the result of its own name.
          return message.result as HostJobs[N]["result"]
        case "failed":
          return yield* new EngineFailure(message.failure)
        default:
          if (onProgress !== undefined) yield* onProgress(message)
      }
      const next = yield* Queue.take(host.messages)
      if (next.kind === "gone") {
        yield* vacate(place)
        return yield* hostGoneFailure(next, host.lastWords())
      }
      message = next
    }
  })

/** A pool that ends all its processes with the scope. */
export const makeWorkerPool: Effect.Effect<WorkerPool, never, Scope.Scope> = Effect.gen(function* () {
  const threads = yield* EngineThreads
  const [all, busy] = [new Set<Place>(), new Set<Place>()]
  let isOpen = true
  const pool = yield* Pool.makeWithTTL({
    acquire: Effect.acquireRelease(
      Effect.sync(() => {
        const place: Place = { host: undefined }
        all.add(place)
        return place
      }),
      (place) =>
        Effect.andThen(
          vacate(place),
          Effect.sync(() => all.delete(place)),
        ),
    ),
    min: 0,
    max: placesFor(threads),
    timeToLive: idleTime,
  })
  // The pool waits for lent places to come back, so what is still running has to be ended before it closes.
  yield* Effect.addFinalizer(() => {
    isOpen = false
    return Effect.forEach(busy, vacate, { discard: true })
  })

  const attempt = <N extends HostJobName>(
    place: Place,
    request: HostRequest,
    options: JobOptions,
    starts = startsAtMost,
  ): Effect.Effect<HostJobs[N]["result"], EngineFailure, Scope.Scope> =>
    Effect.gen(function* () {
      const known = place.host?.isAlive() ? place.host : undefined
      const host = known ?? (yield* startHostProcess)
      place.host = host
      yield* host.tell({ kind: "start", request })
      if (options.shouldStop !== undefined) yield* Effect.forkScoped(watchForStop(host, options.shouldStop))
      const first = yield* Queue.take(host.messages)
      if (first.kind !== "gone") return yield* listen<N>(host, place, first, options)
      yield* vacate(place)
      // A process left from an earlier job had died idle, or a new one at its birth: the job has not begun, and gets another process.
      const another = known !== undefined || (hadNotBegun(first) && starts > 1)
      if (!another) return yield* hostGoneFailure(first, host.lastWords())
      if (!isOpen) return yield* Effect.interrupt
      return yield* attempt<N>(place, request, options, starts - 1)
    })

  const run: WorkerPool["run"] = <N extends HostJobName>(name: N, job: HostJobs[N]["job"], options: JobOptions = {}) =>
    Pool.use(pool, (place) => {
      // Name and job belong together by this function's own type; the union of all requests cannot say so.
      const request = { name, job, threads } as HostRequest
      busy.add(place)
      // A training plans with all that is free: processes that wait for work would keep their sessions' memory from it.
      const idle = name === "train" ? [...all].filter((other) => !busy.has(other)) : []
      return Effect.scoped(Effect.andThen(Effect.forEach(idle, vacate), attempt<N>(place, request, options))).pipe(
        Effect.onInterrupt(() => vacate(place)),
        Effect.ensuring(Effect.sync(() => busy.delete(place))),
      )
    })

  return { run }
})
