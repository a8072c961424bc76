/**
 * The rank effect size ε²: how much of the order of results a grouping tells. 0 is nothing; 1: results of one group are all alike.
 *
 * Results count by their ranks alone, so a loss and its logarithm say the same, and a loss far beyond all others is no more than the
 * last of them. What groups without any effect would reach on average is taken off.
 */
import type { GroupedTrials } from "./value-groups.ts"

interface Sums {
  /** Of the ranks in each group. */
  readonly ranks: Float64Array
  /** Trials of each group. */
  readonly sizes: Float64Array
  /** Trials of all groups. */
  readonly size: number
  /** Of all squared ranks. */
  readonly squares: number
}

/** Equal results share the middle of their ranks. Ranks are halves of whole numbers, so that these sums are exact. */
const summed = ({ level, group, count }: GroupedTrials, times: Int32Array | undefined): Sums => {
  const [ranks, sizes] = [new Float64Array(count), new Float64Array(count)]
  let size = 0
  let squares = 0
  for (let from = 0, to = 0; from < level.length; from = to) {
    let equal = 0
    for (to = from; to < level.length && level[to] === level[from]; to++) equal += times?.[to] ?? 1
    const rank = size + (equal + 1) / 2
    for (let at = from; at < to; at++) {
      const often = times?.[at] ?? 1
      ranks[group[at]!]! += often * rank
      sizes[group[at]!]! += often
    }
    size += equal
    squares += equal * rank * rank
  }
  return { ranks, sizes, size, squares }
}

/**
 * (e − c) / (1 − c), where e is the share of the spread of ranks that lies between groups (Kruskal and Wallis' H over trials − 1), and
 * c = (groups − 1) / (trials − 1) what chance gives on average (Kelley, "An unbiased correlation ratio measure", 1935). It is below 0
 * where groups differ less than by chance, and 0 where nothing can be told: all results are equal, or no two trials share a group.
 *
 * `times` says how often each trial counts; once where it is left out.
 */
export const rankEffect = (groups: GroupedTrials, times?: Int32Array): number => {
  const { ranks, sizes, size, squares } = summed(groups, times)
  const middle = (size * (size + 1) ** 2) / 4
  let between = -middle
  let filled = 0
  for (let at = 0; at < groups.count; at++) {
    if (sizes[at] === 0) continue
    between += ranks[at]! ** 2 / sizes[at]!
    filled += 1
  }
  const spread = squares - middle
  if (spread === 0 || filled >= size) return 0
  const chance = (filled - 1) / (size - 1)
  // Rounded, so that equal groupings whose groups are added in another order are never told apart.
  return Math.round(((between / spread - chance) / (1 - chance)) * 1e12) / 1e12
}
