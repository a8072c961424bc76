/**
 * Which trials TPE takes as examples of what is good: a tenth, at most 25.
 *
 * Trials trained to their end come first, by value; then those that were stopped, the further trained ones first, by value. Of
 * equal ones the earlier trial. The failed ones are examples of what is not good, so that the search leaves their region, and so are those
 * that are under way, so that several at once do not crowd in one place.
 */
import type { Seen } from "./searcher.ts"

const goodAtMost = 25

/** Trained to the end or stopped: with a value. */
export const valuedCount = (seen: readonly Seen[]): number => seen.filter(hasValue).length

const hasValue = ({ state }: Seen): boolean => state.kind === "complete" || state.kind === "pruned"

export interface SplitTrials {
  /** Indices, increasing. */
  readonly good: readonly number[]
  readonly others: readonly number[]
}

/** Splits some of the trials, named by their indices, increasing. */
export const splitTrials = (seen: readonly Seen[], indices: readonly number[]): SplitTrials => {
  const valued = indices.filter((index) => hasValue(seen[index]!))
  const ranked = valued.toSorted((a, b) => compare(seen[a]!, seen[b]!) || a - b)
  const good = new Set(ranked.slice(0, Math.min(Math.ceil(0.1 * valued.length), goodAtMost)))
  return {
    good: indices.filter((index) => good.has(index)),
    others: indices.filter((index) => !good.has(index)),
  }
}

/** Infinity: trained to the end. */
const stepsOf = ({ state }: Seen): number => (state.kind === "pruned" ? state.steps : Number.POSITIVE_INFINITY)

const resultOf = ({ state }: Seen): number =>
  state.kind === "complete" || state.kind === "pruned" ? state.value : Number.POSITIVE_INFINITY

const compare = (one: Seen, other: Seen): number => {
  const [steps, otherSteps] = [stepsOf(one), stepsOf(other)]
  return steps === otherSteps ? resultOf(one) - resultOf(other) : otherSteps > steps ? 1 : -1
}
