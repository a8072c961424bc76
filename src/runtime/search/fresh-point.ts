/**
 * The first proposal that may be tried and was not tried before.
 *
 * A thousand proposals are looked at. If none will do, what is left of a small finite space is listed and one of it drawn, so that a
 * search ends exactly when every point has been tried.
 */
import type { Dimension, Point } from "./dimension.ts"
import { drawsOf } from "./draws.ts"
import { everyAccepted } from "./every-point.ts"
import { NothingAccepted, type Searched } from "./searcher.ts"

export const attemptsAtMost = 1000

/** Equal for equal points only. */
export const keyOfPoint = (dimensions: readonly Dimension[], point: Point): string =>
  dimensions.map(({ name }) => point[name]).join(" ")

export interface Fresh {
  readonly searched: Searched
  readonly trial: number
  readonly isTried: (point: Point) => boolean
  /** Attempts are counted from 0. */
  readonly propose: (attempt: number) => Point
}

/**
 * undefined: every point has been tried. In a space too large to list, a thousand repetitions end with the last of them.
 *
 * @throws NothingAccepted when the constraints refused all that was proposed, and no point is known that they let pass
 */
export const freshPoint = (fresh: Fresh): Point | undefined => {
  let repeated: Point | undefined
  for (let attempt = 0; attempt < attemptsAtMost; attempt++) {
    const point = fresh.propose(attempt)
    if (!fresh.searched.accepts(point)) continue
    if (!fresh.isTried(point)) return point
    repeated = point
  }
  const accepted = everyAccepted(fresh.searched)
  if ((accepted ?? [repeated])[0] === undefined) throw new NothingAccepted(nothingAccepted)
  return accepted === undefined ? repeated : drawUntried(accepted, fresh)
}

const drawUntried = (accepted: readonly Point[], { searched, trial, isTried }: Fresh): Point | undefined => {
  const untried = accepted.filter((point) => !isTried(point))
  if (untried.length === 0) return undefined
  return untried[drawsOf({ seed: searched.seed, purpose: "untried", trial }).below(untried.length)]
}

const nothingAccepted = `the constraints of the space refused ${attemptsAtMost} points in a row`
