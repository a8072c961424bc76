/** Search along Sobol's sequence: points that fill the space more evenly than random ones. */
import type { Dimension } from "./dimension.ts"
import { drawsOf } from "./draws.ts"
import { searchAlong } from "./search-along.ts"
import type { Searcher } from "./searcher.ts"
import { refuse, type SearcherProblem } from "./searcher-problem.ts"
import { owenScrambled, sobolCoordinate, sobolDimensionsAtMost } from "./sobol-sequence.ts"

export interface SobolOptions {
  /** Whether the points are scrambled by the seed; true where it is left out. Unscrambled, the first trial has every low end at once. */
  readonly scrambled?: boolean
}

export const sobolProblems = (dimensions: readonly Dimension[]): readonly SearcherProblem[] =>
  dimensions.slice(sobolDimensionsAtMost, sobolDimensionsAtMost + 1).map(({ name }) => ({
    field: name,
    why: `the space has ${dimensions.length} dimensions, and a Sobol search knows numbers for ${sobolDimensionsAtMost}`,
    hint: "Search fewer at once, or take random()",
  }))

/**
 * Tries the points of Sobol's sequence, which fill the space evenly: each 2, 4, 8, … trials are balanced in every dimension, so 16 or 32
 * trials are better spent than 20. A longer sweep begins with the trials of the shorter one.
 *
 * Dimensions have their places in the sequence in the order in which they are written: add new ones at the end. Points that the constraints
 * refuse, and points that were tried before, are passed over.
 *
 * @throws UnfitSearcher where there are more than 128 dimensions
 *
 * @example
 * sobol()
 *
 * @example
 * sobol({ scrambled: false })
 */
export const sobol = ({ scrambled = true }: SobolOptions = {}): Searcher => ({
  kind: "sobol",
  options: { scrambled },
  adaptive: false,
  begin: (searched) => {
    refuse(sobolProblems(searched.dimensions))
    return searchAlong(searched, ({ name }, place) => {
      const coordinate = sobolCoordinate(place)
      if (!scrambled) return (index) => coordinate(index) / 2 ** 32
      const seed = drawsOf({ seed: searched.seed, purpose: "sobol", axis: name }).word()
      return (index) => owenScrambled(coordinate(index), seed) / 2 ** 32
    })
  },
})
