/**
 * A function of a stage or a source, run as an Effect whichever way it works: it may give a value, a promise of one, or an Effect.
 *
 * What it throws on purpose is what it fails with; the rest is a mistake in its code. A plain function tells things by calling,
 * without waiting: they are told in order, and before its result counts.
 */
import { Effect, Predicate } from "effect"
import { StageFailure, StageStopped } from "../model/stage-failure.ts"
import { unlessHopeless } from "./hopeless-waits.ts"

/** What a plain function needs beside what it is given. */
export interface Plainly {
  readonly promised: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
  /** Told in order. */
  readonly tell: (event: Effect.Effect<void>) => void
  /** Aborted when the run ends at once. */
  readonly signal: AbortSignal
}

export const plainFunction = (run: (plainly: Plainly) => unknown): Effect.Effect<unknown, unknown, unknown> =>
  Effect.gen(function* () {
    const promised = Effect.runPromiseWith(yield* Effect.context<never>())
    const ending = new AbortController()
    let told = Promise.resolve()
    const tell = (event: Effect.Effect<void>): void => {
      told = told.then(() => promised(event))
    }
    const result = yield* finished(() => run({ promised, tell, signal: ending.signal })).pipe(
      Effect.onInterrupt(() => Effect.sync(() => ending.abort())),
    )
    yield* Effect.promise(() => told)
    return result
  })

const finished = (run: () => unknown): Effect.Effect<unknown, unknown, unknown> =>
  Effect.suspend(() => {
    const result = attempt(run)
    if (Effect.isEffect(result)) return unlessHopeless(result)
    return Predicate.isPromiseLike(result)
      ? unlessHopeless(
          Effect.tryPromise({ try: () => result, catch: (thrown) => thrown }).pipe(Effect.catch(asFailure)),
        )
      : Effect.succeed(result)
  })

const attempt = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (thrown) {
    return asFailure(thrown)
  }
}

const asFailure = (thrown: unknown): Effect.Effect<never, StageFailure | StageStopped> =>
  thrown instanceof StageFailure || thrown instanceof StageStopped ? Effect.fail(thrown) : Effect.die(thrown)
