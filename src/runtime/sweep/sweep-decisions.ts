/** The decisions of a sweep, begun anew: what is decided follows from the sweep and the results that it is told. */
import { Effect, Exit } from "effect"
import { beginDecisions, type Decisions } from "../search/decisions.ts"
import type { Point } from "../search/dimension.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { longestCourse } from "./stage-tree.ts"

/** Steps of the longest course of a trial that is trained to its end; null where there are none, or it cannot be wired. */
const stepsAt =
  (sweep: PreparedSweep) =>
  (point: Point): number | null => {
    const wired = Effect.runSyncExit(sweep.graphAt(point))
    return Exit.isSuccess(wired) ? (longestCourse(sweep.measured(wired.value))?.steps ?? null) : null
  }

/** Throws what the searcher and the constraint throw. */
export const sweepDecisions = (sweep: PreparedSweep): Decisions => {
  const { searcher, halving, virtualWorkers, trials, seed, accepts, space } = sweep
  const { dimensions } = space
  return beginDecisions({
    ...{ searcher, halving, virtualWorkers, trials, seed, accepts, dimensions },
    stepsOf: stepsAt(sweep),
  })
}
