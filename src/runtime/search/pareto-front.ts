/**
 * Which trials no other trial betters, where there are several objectives: the Pareto front.
 *
 * One trial betters another when it is no worse in any objective and better in at least one. So trials that are equal in all of them
 * are on the front together or not at all. A trial without a number for every objective is never on it, and keeps no other one off.
 */

export type Direction = "minimise" | "maximise"

/** What a trial reached in each objective, in the order of the objectives; null, or anything that is not finite: nothing. */
export type Reached = readonly (number | null | undefined)[]

/** So signed that lower is better, or undefined where a number is missing. */
const asCosts = (reached: Reached, directions: readonly Direction[]): readonly number[] | undefined => {
  const costs = directions.map((direction, at) => {
    const value = reached[at] ?? Number.NaN
    return direction === "minimise" ? value : -value
  })
  return costs.every(Number.isFinite) ? costs : undefined
}

/** By the first objective in which they differ; 0 where they are equal in all. */
const inOrder = (one: readonly number[], other: readonly number[]): number => {
  const at = one.findIndex((cost, place) => cost !== other[place])
  return at === -1 ? 0 : one[at]! - other[at]!
}

const isNowhereWorse = (one: readonly number[], other: readonly number[]): boolean =>
  one.every((cost, at) => cost <= other[at]!)

/** For each trial, in the order given, whether it is on the front. */
export const onParetoFront = (trials: readonly Reached[], directions: readonly Direction[]): readonly boolean[] => {
  const costs = trials.map((reached) => asCosts(reached, directions))
  const sorted = costs.filter((one) => one !== undefined).sort(inOrder)
  const front: (readonly number[])[] = []
  // What betters a trial stands before it, and is bettered at most by what is on the front already.
  for (const one of sorted) {
    if (!front.some((other) => isNowhereWorse(other, one) && inOrder(other, one) !== 0)) front.push(one)
  }
  const members = new Set(front)
  return costs.map((one) => one !== undefined && members.has(one))
}
