/**
 * Successive halving: a trial is trained in stretches, from rung to rung, and only the best of a rung go on to the next.
 *
 * Rungs are steps of the trial's own full-length training, never a shorter training: what was trained to a rung is the beginning
 * of what is trained to the next.
 */
import { sayValue } from "../model/say-value.ts"
import type { SearcherProblem } from "./searcher-problem.ts"

export interface Halving {
  /** Steps at which trials are compared, increasing; the last one is where the best of them end. */
  readonly rungs: readonly number[]
  /** One in so many goes on from a rung to the next. From 2 on. */
  readonly reduction: number
}

/** What one job of a trial trains: from the end of the stretch before it. */
export interface Stretch {
  /** Steps done at its end; null: the trial's own last step. */
  readonly untilStep: number | null
  /** Steps trained in it; 1 where the trial has none. */
  readonly cost: number
}

/**
 * The stretches of a trial, one for each rung that it can reach. It is one stretch where there are no rungs or the trial has no
 * steps. A trial that is shorter than a rung ends at its own last step, and counts as having reached that rung; one that is
 * longer than the last rung ends there.
 */
export const stretchesOf = (halving: Halving | null, steps: number | null): readonly [Stretch, ...Stretch[]] => {
  if (halving === null || steps === null) return [{ untilStep: null, cost: steps ?? 1 }]
  const crossed = halving.rungs.filter((rung) => rung < steps)
  const ends = [...crossed, ...(crossed.length < halving.rungs.length ? [null] : [])]
  const [first, ...others] = ends.map((end, rung) => ({ untilStep: end, cost: (end ?? steps) - (ends[rung - 1] ?? 0) }))
  return [first ?? { untilStep: null, cost: steps }, ...others]
}

/** How many of a rung's results, best first, may go on. */
export const placesIn = (results: number, { reduction }: Halving): number => Math.floor(results / reduction)

/** From so many trials on, none of them failed, at least one is sure to be trained to the last rung. */
export const fewestTrials = ({ rungs, reduction }: Halving): number =>
  rungs.slice(1).reduce((needed) => Math.ceil(needed * reduction), 1)

const asSteps = "Write them as steps from the start, such as [50, 150, 300]"

/** What is wrong with rungs and reduction, of whatever type they are; the fields are "rungs" and "reduction". */
export const halvingProblems = (halving: {
  readonly rungs: unknown
  readonly reduction: unknown
}): readonly SearcherProblem[] => [...rungProblems(halving.rungs), ...reductionProblems(halving.reduction)]

const rungProblems = (rungs: unknown): readonly SearcherProblem[] => {
  const problem = (why: string, hint: string): readonly SearcherProblem[] => [{ field: "rungs", why, hint }]
  if (!Array.isArray(rungs)) return problem(`the rungs have to be a list of steps; this is ${sayValue(rungs)}`, asSteps)
  if (rungs.length === 0) return problem("there are no rungs", asSteps)
  const strange: unknown = rungs.find((rung) => !Number.isSafeInteger(rung) || rung < 1)
  if (strange !== undefined || rungs.includes(undefined)) {
    return problem(`a rung has to be a whole number of steps from 1 on; this is ${sayValue(strange)}`, asSteps)
  }
  const late = rungs.findIndex((rung, index) => index > 0 && rung <= rungs[index - 1])
  if (late === -1) return []
  return problem(`the rung ${rungs[late]} comes after ${rungs[late - 1]}`, "Write each step once, in increasing order")
}

const reductionProblems = (reduction: unknown): readonly SearcherProblem[] => {
  if (typeof reduction === "number" && Number.isFinite(reduction) && reduction >= 2) return []
  const why = `one trial in so many goes on, so it has to be a number from 2 on; this is ${sayValue(reduction)}`
  return [{ field: "reduction", why, hint: "Write 3, or 4 to train fewer steps" }]
}
