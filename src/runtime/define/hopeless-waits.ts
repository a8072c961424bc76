/**
 * Waits for what never comes: a promise that nobody settles, an Effect that nobody resumes.
 *
 * While anything is left that could still end a wait (a timer, a file, a socket, another process) the event loop of the process is alive. A
 * program that owns its process hears when it no longer is (`beforeExit`), and ends what still waits with a failure in words.
 */
import { Effect } from "effect"
import { StageFailure } from "../model/stage-failure.ts"

const waiting = new Set<() => void>()

const hopeless = new StageFailure({
  what: "It waits for something that never comes",
  where: "",
  why: "nothing is left in this process that could still settle its promise or resume its Effect",
  hint: "Settle every promise it waits for, also where something fails; await nothing that nobody answers.",
  kind: "work",
})

/** The same work, which fails once nothing is left that could bring it to its end. */
export const unlessHopeless = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | StageFailure, R> =>
  Effect.raceFirst(
    work,
    Effect.callback<never, StageFailure>((resume) => {
      const end = () => resume(Effect.fail(hopeless))
      waiting.add(end)
      return Effect.sync(() => waiting.delete(end))
    }),
  )

/** Ends all that waits; false when nothing did. To be called only when nothing is left that could end a wait. */
export const endHopelessWaits = (): boolean => {
  const found = [...waiting]
  waiting.clear()
  for (const end of found) end()
  return found.length > 0
}
