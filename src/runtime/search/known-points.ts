/**
 * The points of a search's trials, kept by dimension and in sorted order, so that a suggestion need not sort what was sorted before it.
 *
 * Nothing is known that the trials do not say: shown other trials than before, it begins anew.
 */
import type { Dimension, Point } from "./dimension.ts"
import { keyOfPoint } from "./fresh-point.ts"
import { coordinateOf, type Observed } from "./parzen-kernels.ts"
import type { Seen } from "./searcher.ts"

export interface KnownPoints {
  /** Takes note of all trials seen. */
  readonly take: (seen: readonly Seen[]) => void
  readonly isTried: (point: Point) => boolean
  /** What some trials have along a dimension that all of them have; their indices, increasing. */
  readonly observed: (dimension: Dimension, indices: readonly number[]) => Observed
}

/** Coordinates along one dimension; NaN where a trial does not have it. */
interface Column {
  readonly coordinates: number[]
  /** Indices of the trials that have it, smallest coordinate first, of equal ones the earlier trial. */
  readonly sorted: number[]
}

export const knownPoints = (dimensions: readonly Dimension[]): KnownPoints => {
  const columns = new Map<string, Column>(dimensions.map(({ name }) => [name, { coordinates: [], sorted: [] }]))
  const points: Point[] = []
  const keys = new Set<string>()
  const clear = (): void => {
    points.length = 0
    keys.clear()
    for (const { coordinates, sorted } of columns.values()) coordinates.length = sorted.length = 0
  }
  return {
    take: (seen) => {
      if (points.length > seen.length || points.some((point, index) => seen[index]!.point !== point)) clear()
      for (const { point } of seen.slice(points.length)) {
        points.push(point)
        keys.add(keyOfPoint(dimensions, point))
        for (const dimension of dimensions) append(columns.get(dimension.name)!, dimension, point)
      }
    },
    isTried: (point) => keys.has(keyOfPoint(dimensions, point)),
    observed: ({ name }, indices) => chosenFrom(columns.get(name)!, indices),
  }
}

const append = ({ coordinates, sorted }: Column, { name, range }: Dimension, point: Point): void => {
  const value = point[name]
  const index = coordinates.length
  const coordinate = value === undefined ? Number.NaN : coordinateOf(range, value)
  coordinates.push(coordinate)
  if (value === undefined) return
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (coordinates[sorted[middle]!]! <= coordinate) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, index)
}

const chosenFrom = ({ coordinates, sorted }: Column, indices: readonly number[]): Observed => {
  const places = new Int32Array(coordinates.length).fill(-1)
  const chosen = new Float64Array(indices.length)
  indices.forEach((index, place) => {
    places[index] = place
    chosen[place] = coordinates[index]!
  })
  const order = new Int32Array(indices.length)
  let next = 0
  for (const index of sorted) if (places[index]! >= 0) order[next++] = places[index]!
  return { coordinates: chosen, sorted: order }
}
