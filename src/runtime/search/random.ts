/** Random search: every trial is drawn from its own streams, whatever came of the others. */
import type { Point } from "./dimension.ts"
import { drawsOf } from "./draws.ts"
import { freshPoint } from "./fresh-point.ts"
import { ownSequence } from "./own-sequence.ts"
import type { Searched, Searcher } from "./searcher.ts"
import { pointOf, valueAt } from "./value-in-range.ts"

/** The point of a trial; another for each attempt. Each dimension has its own stream, named by its name. */
export const drawPoint = ({ dimensions, seed }: Searched, trial: number, attempt: number): Point =>
  pointOf(dimensions, ({ name, range }) =>
    valueAt(range, drawsOf({ seed, purpose: "random", trial, axis: name, attempt }).uniform()),
  )

/**
 * Tries points drawn at random: uniform in each range, in its logarithm where it is logarithmic.
 *
 * Draws are named by trial and dimension. More trials leave the first ones as they are; one more dimension leaves the values of the others
 * as they are. What the constraints refuse is drawn again, and so is a point that was tried before, as long as there are others.
 *
 * @example
 * random()
 */
export const random = (): Searcher => ({
  kind: "random",
  options: {},
  adaptive: false,
  begin: (searched) =>
    ownSequence(searched, (trial, isTried) =>
      freshPoint({ searched, trial, isTried, propose: (attempt) => drawPoint(searched, trial, attempt) }),
    ),
})
