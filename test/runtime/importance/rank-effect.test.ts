/** The rank effect size and the groups it is taken of, against numbers worked out by hand and the same trials written out. */
import { describe, expect, it } from "vitest"
import { rankEffect } from "../../../src/runtime/importance/rank-effect.ts"
import {
  groupedByValue,
  orderedTrials,
  type Result,
  type ValueKind,
} from "../../../src/runtime/importance/value-groups.ts"
import { type RandomNumber, randomNumbers } from "../search/rig/random-numbers.ts"

/** Each list holds the results of one value: 0, 1, … */
const results = (...ofValues: readonly (readonly number[])[]): readonly Result[] =>
  ofValues.flatMap((list, value) => list.map((result) => ({ value, result })))

const effect = (trials: readonly Result[], kind: ValueKind = "options"): number =>
  rankEffect(groupedByValue(orderedTrials(trials, kind)))

/** Sizes of the groups that numbers are put into, from the smallest number on. */
const groupSizes = (values: readonly number[]): readonly number[] => {
  const trials = values.map((value) => ({ value, result: value }))
  const { group, count } = groupedByValue(orderedTrials(trials, "numbers"))
  return Array.from({ length: count }, (_, one) => group.filter((other) => other === one).length)
}

const counting = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)

const shuffled = <A>(list: readonly A[], random: RandomNumber): readonly A[] =>
  list
    .map((one) => [random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one)

/** Few or many values, equal results among them. */
const madeUp = (seed: number) => {
  const random = randomNumbers(seed)
  const below = (count: number): number => Math.floor(count * random())
  const [values, levels] = [2 + below(12), 3 + below(30)]
  const kind: ValueKind = below(2) === 0 ? "options" : "numbers"
  const trials = counting(12 + below(30)).map(() => ({ value: below(values), result: below(levels) / 7 }))
  return { random, below, kind, trials }
}
const seeds = counting(300)

describe("the rank effect size", () => {
  it("is the share of the ranks' spread between groups, with what chance gives taken off", () => {
    // Ranks 1, 2.5, 7, 5 | 4, 8, 6, 9 | 10, 11, 12, 2.5; SciPy's kruskal has 3.8885964912 = 11 · 50.375 / 142.5.
    const trials = results([1, 2, 6, 4], [3, 7, 5, 8], [9, 10, 11, 2])
    expect(effect(trials)).toBeCloseTo((50.375 / 142.5 - 2 / 11) / (1 - 2 / 11), 11)
  })

  it("is 1 where all results of a group are alike and groups differ", () => {
    expect(effect(results([3, 3, 3], [1, 1], [2, 2, 2, 2]))).toBe(1)
  })

  it("is below 0 where groups differ less than by chance", () => {
    // Ranks 1, 4, 5, 8 and 2, 3, 6, 7 have equal sums.
    expect(effect(results([1, 4, 5, 8], [2, 3, 6, 7]))).toBeCloseTo(-1 / 6, 11)
  })

  it("is 0 where nothing can be told: equal results, one group, a group for every trial", () => {
    expect(effect(results([2, 2, 2], [2, 2]))).toBe(0)
    expect(effect(results([1, 2, 3, 4]))).toBe(0)
    expect(effect(results([1], [2], [3], [4]))).toBe(0)
    expect(effect([])).toBe(0)
  })

  it("is the same for a loss and its logarithm, and for trials and groups in any order", () => {
    for (const seed of seeds) {
      const { random, kind, trials } = madeUp(seed)
      const found = effect(trials, kind)
      const logs = trials.map(({ value, result }) => ({ value, result: Math.log(0.01 + result) }))
      const renamed = trials.map(({ value, result }) => ({ value: (value * 5) % 17, result }))
      expect(effect(logs, kind), `seed ${seed}`).toBe(found)
      expect(effect(shuffled(trials, random), kind), `seed ${seed}`).toBe(found)
      expect(effect(renamed, "options"), `seed ${seed}`).toBe(effect(trials, "options"))
    }
  })

  it("of trials that count several times or not at all is that of the same trials written out", () => {
    for (const seed of seeds) {
      const { below, kind, trials } = madeUp(seed)
      const sorted = trials.toSorted((a, b) => a.result - b.result || a.value - b.value)
      const times = Int32Array.from(sorted, () => below(4))
      const writtenOut = sorted.flatMap((trial, at) => counting(times[at]!).map(() => trial))
      const grouped = groupedByValue(orderedTrials(sorted, kind), times)
      expect(rankEffect(grouped, times), `seed ${seed}`).toBe(effect(writtenOut, kind))
    }
  })
})

describe("the groups of an axis", () => {
  it("are as many as its values where these are options, or four numbers at most", () => {
    const six = results([1], [2], [3], [4], [5], [6])
    expect(new Set(groupedByValue(orderedTrials(six, "options")).group).size).toBe(6)
    expect(groupSizes([4, 8, 16, 32, 32, 4])).toEqual([2, 1, 1, 2])
    expect(groupSizes([0.25, -1, 0.25])).toEqual([1, 2])
  })

  it("are three of one size, as far as it goes, where there are more numbers", () => {
    expect(groupSizes([...counting(12)].reverse())).toEqual([4, 4, 4])
    expect(groupSizes(counting(13))).toEqual([4, 5, 4])
    expect(groupSizes(counting(14))).toEqual([5, 4, 5])
  })

  it("keep equal numbers together, where the middle of them lies", () => {
    expect(groupSizes([1, 2, 3, 3, 3, 3, 4, 5, 6, 6, 6, 6])).toEqual([2, 6, 4])
    expect(groupSizes([1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5])).toEqual([1, 8, 3])
  })
})
