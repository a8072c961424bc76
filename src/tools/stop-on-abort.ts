/** A program's `AbortSignal` as the runtime's wish to stop, listened to until the scope ends. */
import { Effect, type Scope } from "effect"
import { makeStopSignal, type StopSignal } from "../runtime/model/stop-signal.ts"

export const stopOnAbort = (signal: AbortSignal | undefined): Effect.Effect<StopSignal, never, Scope.Scope> =>
  Effect.gen(function* () {
    const stop = makeStopSignal()
    if (signal === undefined) return stop
    if (signal.aborted) stop.request()
    signal.addEventListener("abort", stop.request)
    yield* Effect.addFinalizer(() => Effect.sync(() => signal.removeEventListener("abort", stop.request)))
    return stop
  })
