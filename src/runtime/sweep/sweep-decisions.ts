/** The decisions of a sweep, begun anew: what is decided follows from the sweep and the results that it is told. */
import { Effect, Exit } from "effect"
import { beginDecisions, type Decisions } from "../search/decisions.ts"
import type { Point } from "../search/dimension.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { longestCourse } from "./stage-tree.ts"

/** Steps of the longest course of a trial that is trained to its end; null where there are none, or it cannot be wired. */
const stepsAt = (sweep: PreparedSweep) => {
  const counts = stepCounts.get(sweep.space) ?? new Map<string, number | null>()
  stepCounts.set(sweep.space, counts)
  return (point: Point): number | null => {
    const place = Object.entries(point).join(" ")
    const known = counts.get(place)
    if (known !== undefined) return known
    const wired = Effect.runSyncExit(sweep.graphAt(point))
    const steps = Exit.isSuccess(wired) ? (longestCourse(sweep.measured(wired.value))?.steps ?? null) : null
    counts.set(place, steps)
    return steps
  }
}

/** Decisions are gone through several times: to foresee, to measure, to find a trial. */
const stepCounts = new WeakMap<PreparedSweep["space"], Map<string, number | null>>()

/** Throws what the searcher and the constraint throw. */
export const sweepDecisions = (sweep: PreparedSweep): Decisions => {
  const { searcher, halving, virtualWorkers, trials, seed, accepts, space } = sweep
  const { dimensions } = space
  return beginDecisions({
    ...{ searcher, halving, virtualWorkers, trials, seed, accepts, dimensions },
    stepsOf: stepsAt(sweep),
  })
}
