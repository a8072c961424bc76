import { describe, expect, it } from "vitest"
import { splitTrials, valuedCount } from "../../../src/runtime/search/good-trials.ts"
import type { Seen } from "../../../src/runtime/search/searcher.ts"

const trials = (...states: readonly Seen["state"][]): readonly Seen[] =>
  states.map((state, index) => ({ trial: index + 1, point: {}, state }))
const complete = (value: number): Seen["state"] => ({ kind: "complete", value })
const pruned = (value: number, steps: number): Seen["state"] => ({ kind: "pruned", value, steps })
const [failed, pending] = [{ kind: "failed" }, { kind: "pending" }] as const

/** Indices of the good ones, where as many more trials that are worse than all bring the good ones to `count`. */
const good = (count: number, seen: readonly Seen[]): readonly number[] => {
  const more = count * 10 - valuedCount(seen)
  const all = [...seen, ...trials(...Array.from({ length: more }, () => pruned(1e9, 1)))]
  return splitTrials(all, [...all.keys()]).good
}

describe("the trials that count as good", () => {
  it("are a tenth of those with a value, rounded up, and at most 25", () => {
    const counts = [1, 10, 11, 95, 250, 400].map((count) => {
      const seen = trials(...Array.from({ length: count }, (_, index) => complete(index)), failed, pending)
      return splitTrials(seen, [...seen.keys()]).good.length
    })
    expect(counts).toEqual([1, 1, 2, 10, 25, 25])
  })

  it("are the best ones, of equal ones the earlier, in the order of the trials", () => {
    expect(good(2, trials(complete(3), complete(1), complete(2), complete(1)))).toEqual([1, 3])
    expect(good(2, trials(complete(1), complete(2), complete(1), complete(0)))).toEqual([0, 3])
  })

  it("are trained to their end as long as there are such, then the further trained ones, then the better ones", () => {
    const seen = trials(pruned(0, 50), pruned(5, 150), complete(9), pruned(4, 150), pruned(1, 50))
    expect(good(1, seen)).toEqual([2])
    expect(good(3, seen)).toEqual([1, 2, 3])
    expect(good(4, seen)).toEqual([0, 1, 2, 3])
  })

  it("are none of those that failed or are under way: these are among the others", () => {
    const seen = trials(failed, complete(1), pending)
    expect(splitTrials(seen, [0, 1, 2])).toEqual({ good: [1], others: [0, 2] })
    expect(splitTrials(trials(failed, pending), [0, 1])).toEqual({ good: [], others: [0, 1] })
  })

  it("are chosen among the trials that are named", () => {
    const seen = trials(complete(1), complete(3), complete(2))
    expect(splitTrials(seen, [1, 2])).toEqual({ good: [2], others: [1] })
  })
})
