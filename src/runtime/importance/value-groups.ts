/**
 * Trials in the order of their results, put into groups by their value on one axis.
 *
 * Options are groups as they are, and so are numbers where there are few of them; many numbers are put into three parts. Trials with
 * equal values are always in one group, and trials with equal results on one level, so that no order of trials has any influence.
 */

export interface Result {
  /** A number, or a place in a list. */
  readonly value: number
  /** What came of it. */
  readonly result: number
}

/** "numbers" are put into a few groups; of "options", each is a group. */
export type ValueKind = "numbers" | "options"

/** Trials in the order of their results. */
export interface OrderedTrials {
  readonly kind: ValueKind
  /** Of each trial: rises from one trial to the next, and stays where results are equal. */
  readonly level: Int32Array
  /** Of each trial: the place of its value among the values there are, from 0. */
  readonly place: Int32Array
  /** How many values there are. */
  readonly places: number
}

export interface GroupedTrials {
  readonly level: Int32Array
  /** Of each trial: a whole number below `count`. */
  readonly group: Int32Array
  readonly count: number
}

/** Every value and every result is a finite number. */
export const orderedTrials = (results: readonly Result[], kind: ValueKind): OrderedTrials => {
  const values = Float64Array.from(new Set(results.map(({ value }) => value))).sort()
  const placeOf = new Map([...values].map((value, place) => [value, place]))
  const sorted = results.toSorted((a, b) => a.result - b.result || a.value - b.value)
  const level = new Int32Array(sorted.length)
  for (let at = 1; at < level.length; at++) {
    level[at] = level[at - 1]! + (sorted[at]!.result === sorted[at - 1]!.result ? 0 : 1)
  }
  return { kind, level, place: Int32Array.from(sorted, ({ value }) => placeOf.get(value)!), places: values.length }
}

const mostNumberGroups = 4
const parts = 3

/** The part of each place: as many trials in each part as values that lie across an edge let. */
const partsOf = (sizes: Int32Array, size: number): Int32Array => {
  const part = new Int32Array(sizes.length)
  let before = 0
  for (let place = 0; place < sizes.length; place++) {
    const count = sizes[place]!
    // A value that counts not once has no trial to put anywhere.
    if (count === 0) continue
    part[place] = Math.floor((parts * (before + count / 2)) / size)
    before += count
  }
  return part
}

/**
 * `times` says how often each trial counts; once where it is left out. Up to four numbers are groups of their own. The three parts of
 * more are equal in size where no value is repeated; a value that lies across an edge belongs where the middle of its trials does.
 */
export const groupedByValue = (trials: OrderedTrials, times?: Int32Array): GroupedTrials => {
  const { kind, level, place, places } = trials
  if (kind === "options") return { level, group: place, count: places }
  const sizes = new Int32Array(places)
  let size = 0
  let filled = 0
  for (let at = 0; at < place.length; at++) {
    const often = times === undefined ? 1 : times[at]!
    if (often > 0 && sizes[place[at]!] === 0) filled += 1
    sizes[place[at]!]! += often
    size += often
  }
  if (filled <= mostNumberGroups) return { level, group: place, count: places }
  const part = partsOf(sizes, size)
  const group = new Int32Array(place.length)
  for (let at = 0; at < place.length; at++) group[at] = part[place[at]!]!
  return { level, group, count: parts }
}
