/**
 * The user's wish to stop, as one flag that can also be waited for.
 *
 * The first request lets running stages finish their step; a second one is an interruption and does not go through here.
 */
import { Deferred, Effect } from "effect"

export interface StopSignal {
  /** Safe to call from a signal handler, and more than once. */
  readonly request: () => void
  readonly requested: () => boolean
  readonly wait: Effect.Effect<void>
}

export const makeStopSignal = (): StopSignal => {
  const stopped = Deferred.makeUnsafe<void>()
  return {
    request: () => void Deferred.doneUnsafe(stopped, Effect.void),
    requested: () => Deferred.isDoneUnsafe(stopped),
    wait: Deferred.await(stopped),
  }
}
