/**
 * From a number between 0 and 1, or a place in a list, to a value of a range.
 *
 * Equal parts of 0 … 1 belong to the values of a list; of a logarithmic range, the parts are equal in the logarithm, and a whole number
 * has the part from half a step below it to half a step above it. Every result lies in its range.
 */
import type { Dimension, IntegerRange, Point, Range } from "./dimension.ts"
import { isThere, sizeOf } from "./dimension.ts"

/** The values of a finite range, from its low end, counted from 0. */
export const valueOfPlace = (range: Range, place: number): number => {
  switch (range.kind) {
    case "real":
      return range.low
    case "integer":
      return range.low + place * range.step
    case "choice":
      return place
  }
}

/** The whole number of a range that lies nearest. */
export const nearestInteger = (range: IntegerRange, value: number): number => {
  const place = Math.round((value - range.low) / range.step)
  return valueOfPlace(range, Math.max(0, Math.min(place, sizeOf(range) - 1)))
}

/** Ends of the interval that the values of a range stand for: of whole numbers, half a step wider than the range on both sides. */
export const edgesOf = (range: Range): readonly [low: number, high: number] => {
  if (range.kind === "real") return [range.low, range.high]
  const last = valueOfPlace(range, sizeOf(range) - 1)
  if (range.kind === "choice") return [-0.5, last + 0.5]
  const low = range.low - range.step / 2
  // A step of more than the low end itself would leave no logarithm.
  return [range.log ? Math.max(low, range.low / 2) : low, last + range.step / 2]
}

/** The value at `unit`, from 0 (included) to 1 (excluded), of the way from one end to the other. */
export const valueAt = (range: Range, unit: number): number => {
  if (range.kind === "choice" || (range.kind === "integer" && !range.log)) {
    return valueOfPlace(range, Math.floor(unit * sizeOf(range)))
  }
  const [low, high] = edgesOf(range)
  const value = range.log
    ? Math.exp(Math.log(low) + unit * (Math.log(high) - Math.log(low)))
    : low + unit * (high - low)
  return range.kind === "integer" ? nearestInteger(range, value) : Math.max(low, Math.min(value, high))
}

/** A value for each dimension that is there, in the order of the dimensions. */
export const pointOf = (
  dimensions: readonly Dimension[],
  valueFor: (dimension: Dimension, index: number) => number,
): Point => {
  const point: Record<string, number> = {}
  dimensions.forEach((dimension, index) => {
    if (isThere(dimension, point)) point[dimension.name] = valueFor(dimension, index)
  })
  return point
}
