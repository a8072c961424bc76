/**
 * Whether a run still takes new work. It halts when the user asks it to stop, or after a failure, and never starts again.
 * What is running goes on; what waits for a core, or for another process, gives up.
 */
import { Deferred, Effect, type Option, type Scope } from "effect"
import type { StopSignal } from "../model/stop-signal.ts"

export type HaltReason = "stop-requested" | "run-failed"

export interface Halt {
  readonly reason: () => HaltReason | undefined
  readonly failed: Effect.Effect<void>
  /** Runs `work` if the run still takes new work, and gives it up on a halt as long as `isUnderWay` says no. */
  readonly unless: <A, E, R>(
    work: Effect.Effect<A, E, R>,
    isUnderWay: () => boolean,
  ) => Effect.Effect<Option.Option<A>, E, R>
}

export const makeHalt = (stop: StopSignal): Effect.Effect<Halt, never, Scope.Scope> =>
  Effect.gen(function* () {
    const halted = yield* Deferred.make<HaltReason>()
    let reason: HaltReason | undefined
    const halt = (why: HaltReason) =>
      Effect.suspend(() => {
        reason ??= why
        return Deferred.succeed(halted, why)
      })
    yield* Effect.forkScoped(Effect.andThen(stop.wait, halt("stop-requested")))
    const reasonNow = () => reason ?? (stop.requested() ? "stop-requested" : undefined)
    return {
      reason: reasonNow,
      failed: Effect.asVoid(halt("run-failed")),
      unless: (work, isUnderWay) =>
        Effect.suspend(() => {
          if (reasonNow() !== undefined) return Effect.succeedNone
          const givenUp = Effect.flatMap(Deferred.await(halted), () =>
            isUnderWay() ? Effect.never : Effect.succeedNone,
          )
          return Effect.raceFirst(Effect.asSome(work), givenUp)
        }),
    }
  })
