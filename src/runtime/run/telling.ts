/** Work whose events are called back, one by one, from its first to its last. */
import { Effect, Fiber, type Scope, Stream } from "effect"
import { Events, type RunEvent } from "../model/events.ts"

/** The work ends at once when the callback throws; it is over when the last event has been told. */
export const telling = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  onEvent: (event: RunEvent) => void,
): Effect.Effect<A, E, R | Events | Scope.Scope> =>
  Effect.gen(function* () {
    const stream = yield* (yield* Events).subscribe
    const listener = yield* Effect.forkDetach(Stream.runForEach(stream, (event) => Effect.sync(() => onEvent(event))))
    yield* Effect.addFinalizer(() => Fiber.join(listener).pipe(Effect.timeout("1 second"), Effect.exit))
    return yield* Effect.raceFirst(work, Effect.andThen(Fiber.join(listener), Effect.never))
  })
