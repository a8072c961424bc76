/** A search along a sequence of points in the unit cube, of which each dimension has one coordinate. */
import type { Dimension } from "./dimension.ts"
import { freshPoint } from "./fresh-point.ts"
import { ownSequence } from "./own-sequence.ts"
import type { Search, Searched } from "./searcher.ts"
import { pointOf, valueAt } from "./value-in-range.ts"

/** From 0 (included) to 1 (excluded), for the index of a point, counted from 0. */
export type Coordinate = (index: number) => number

/** Each trial takes the next point that the constraints let pass and that was not tried before. */
export const searchAlong = (
  searched: Searched,
  coordinateOf: (dimension: Dimension, place: number) => Coordinate,
): Search => {
  const coordinates = searched.dimensions.map(coordinateOf)
  let next = 0
  return ownSequence(searched, (trial, isTried) => {
    const propose = () => {
      const index = next++
      return pointOf(searched.dimensions, ({ range }, place) => valueAt(range, coordinates[place]!(index)))
    }
    return freshPoint({ searched, trial, isTried, propose })
  })
}
