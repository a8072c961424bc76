/** All points of a finite space, in lexicographic order: the first dimension changes most slowly. */
import { type Dimension, isThere, type Point, sizeOf } from "./dimension.ts"
import type { Searched } from "./searcher.ts"
import { valueOfPlace } from "./value-in-range.ts"

/** Endless in practice where a dimension has endlessly many values: ask `isFinite` before. */
export function* everyPoint(dimensions: readonly Dimension[], before: Point = {}): Generator<Point> {
  const [dimension, ...others] = dimensions
  if (dimension === undefined) {
    yield before
  } else if (!isThere(dimension, before)) {
    yield* everyPoint(others, before)
  } else {
    const size = sizeOf(dimension.range)
    for (let place = 0; place < size; place++) {
      yield* everyPoint(others, { ...before, [dimension.name]: valueOfPlace(dimension.range, place) })
    }
  }
}

export const isFiniteSpace = (dimensions: readonly Dimension[]): boolean =>
  dimensions.every(({ range }) => Number.isFinite(sizeOf(range)))

/** So many points are looked through for what is left of a space. */
const listedAtMost = 100_000

/** The points that may be tried, or undefined where the space is too large to list them. */
export const everyAccepted = ({ dimensions, accepts }: Searched): readonly Point[] | undefined => {
  if (!isFiniteSpace(dimensions)) return undefined
  const accepted: Point[] = []
  let listed = 0
  for (const point of everyPoint(dimensions)) {
    if (++listed > listedAtMost) return undefined
    if (accepts(point)) accepted.push(point)
  }
  return accepted
}
