/** Whether numbers are worse than others, without any assumption on how they are spread. */
import { normalBelow } from "../../../../src/runtime/search/normal-distribution.ts"

/**
 * One-sided Mann–Whitney test by its normal approximation, with the correction for ties and for continuity: the chance that `ours` lie so
 * high, or higher, beside `theirs` when both come from one distribution.
 */
export const chanceOfRanks = (ours: readonly number[], theirs: readonly number[]): number => {
  const wins = ours.flatMap((one) => theirs.map((other): number => (one > other ? 1 : one === other ? 0.5 : 0)))
  const above = wins.reduce((sum, win) => sum + win, 0)
  const all = ours.length + theirs.length
  const counts = new Map<number, number>()
  for (const one of [...ours, ...theirs]) counts.set(one, (counts.get(one) ?? 0) + 1)
  const ties = [...counts.values()].reduce((sum, count) => sum + (count ** 3 - count), 0)
  const spread = Math.sqrt(((ours.length * theirs.length) / 12) * (all + 1 - ties / (all * (all - 1))))
  return normalBelow(-(above - wins.length / 2 - 0.5) / spread)
}

/** Fisher's combination: the chance of so small a product of chances, or a smaller one. */
export const combinedChance = (chances: readonly number[]): number => {
  const half = -chances.reduce((sum, chance) => sum + Math.log(chance), 0)
  let term = Math.exp(-half)
  let tail = 0
  for (let power = 0; power < chances.length; power++) {
    tail += term
    term *= half / (power + 1)
  }
  return tail
}
