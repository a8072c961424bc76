/**
 * What a sweep searches, flat: dimensions with a range of numbers each, and points among them.
 *
 * Whatever a person wrote as a space (nested, conditional, of words or of numbers) is searched as dimensions. A choice among
 * things is a choice among their places in the list. A dimension may be there only where others took certain options.
 */

/** Both ends included. `log`: equal ratios count the same; then `low` is above 0. */
export interface RealRange {
  readonly kind: "real"
  readonly low: number
  readonly high: number
  readonly log: boolean
}

/** low, low + step, … up to high, both included. */
export interface IntegerRange {
  readonly kind: "integer"
  readonly low: number
  readonly high: number
  readonly step: number
  readonly log: boolean
}

/** The places 0 … count − 1 of a list. `ordered`: neighbours in the list are alike, as 4, 8, 16 are. */
export interface ChoiceRange {
  readonly kind: "choice"
  readonly count: number
  readonly ordered: boolean
}

export type Range = RealRange | IntegerRange | ChoiceRange

export interface Dimension {
  /** Where its value lies in the parameters: "unetLearningRate", "textModel.learningRate". */
  readonly name: string
  readonly range: Range
  /** It is there only where every one of these choices, which stand before it, took this place; always where there is none. */
  readonly when: readonly { readonly dimension: string; readonly place: number }[]
}

/** A number for each dimension that is there. */
export type Point = Readonly<Record<string, number>>

/** Whether the values so far let a dimension be there. */
export const isThere = ({ when }: Dimension, point: Point): boolean =>
  when.every(({ dimension, place }) => point[dimension] === place)

/** How many values a range has; Infinity where they are real numbers. */
export const sizeOf = (range: Range): number => {
  switch (range.kind) {
    case "real":
      return range.low === range.high ? 1 : Number.POSITIVE_INFINITY
    case "integer":
      return Math.floor((range.high - range.low) / range.step) + 1
    case "choice":
      return range.count
  }
}
