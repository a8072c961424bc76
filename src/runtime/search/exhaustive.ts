/** Exhaustive search: every point of a finite space, once. */
import { type Dimension, sizeOf } from "./dimension.ts"
import { everyPoint } from "./every-point.ts"
import { ownSequence } from "./own-sequence.ts"
import { NothingAccepted, type Searched, type Searcher } from "./searcher.ts"
import { refuse, type SearcherProblem } from "./searcher-problem.ts"

export const exhaustiveProblems = (dimensions: readonly Dimension[]): readonly SearcherProblem[] =>
  dimensions
    .filter(({ range }) => !Number.isFinite(sizeOf(range)))
    .map(({ name }) => ({
      field: name,
      why: "a range of real numbers has endlessly many values, and an exhaustive search tries them all",
      hint: "List the values to be tried, or take another searcher",
    }))

/**
 * Tries every point of the space once: each value of the first dimension with all values of the others, and so on in the order in which the
 * dimensions are written. Dimensions that belong to one option are there with that option only; points that the constraints
 * refuse are left out. The search ends after the last point.
 *
 * @throws UnfitSearcher where a dimension is a range of real numbers
 *
 * @example
 * exhaustive()
 */
export const exhaustive = (): Searcher => ({
  kind: "exhaustive",
  options: {},
  adaptive: false,
  begin: (searched) => {
    refuse(exhaustiveProblems(searched.dimensions))
    const accepted = acceptedPoints(searched)
    return ownSequence(searched, (trial) => {
      const { value } = accepted.next()
      if (value === undefined && trial === 1)
        throw new NothingAccepted("the constraints refuse every point of the space")
      return value ?? undefined
    })
  },
})

function* acceptedPoints({ dimensions, accepts }: Searched) {
  for (const point of everyPoint(dimensions)) if (accepts(point)) yield point
}
