/** What `asha` makes of its options, and what it finds beside Optuna's successive halving on the same made-up curves. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { asha, ashaProblems } from "../../../src/runtime/search/asha.ts"
import { beginDecisions } from "../../../src/runtime/search/decisions.ts"
import { random } from "../../../src/runtime/search/random.ts"
import { blind, x } from "./rig/made-up-searcher.ts"
import { toyCurve, toyRungs } from "./rig/toy-curves.ts"

describe("asha", () => {
  it("takes one in three on, of trials drawn at random, with four virtual workers", () => {
    const { searcher, ...rest } = asha({ rungs: [50, 150, 300] })
    expect(rest).toEqual({ kind: "asha", halving: { rungs: [50, 150, 300], reduction: 3 }, virtualWorkers: 4 })
    expect(searcher.kind).toBe(random().kind)
  })

  it("takes what is given", () => {
    const searcher = blind()
    expect(asha({ rungs: [10], reduction: 4, searcher, workers: 8 })).toEqual({
      kind: "asha",
      searcher,
      halving: { rungs: [10], reduction: 4 },
      virtualWorkers: 8,
    })
  })

  it("says what is wrong with its rungs, its reduction and its workers", () => {
    expect(ashaProblems(asha({ rungs: [50, 150] }))).toEqual([])
    expect(ashaProblems(asha({ rungs: [50, 150], workers: 1 }))).toEqual([])
    expect(ashaProblems(asha({ rungs: [], reduction: 1, workers: 0 })).map(({ field }) => field)).toEqual([
      "rungs",
      "reduction",
      "workers",
    ])
    expect(ashaProblems(asha({ rungs: [50], workers: 2.5 }))).toEqual([
      {
        field: "workers",
        why: "there have to be a whole number of virtual workers from 1 on; this is the number 2.5",
        hint: "Leave it out to have 4",
      },
    ])
  })
})

interface Golden {
  readonly trials: number
  readonly budget: number
  readonly curves: readonly (readonly number[])[]
  readonly noises: readonly {
    readonly noise: number
    readonly bestFoundShare: number
    readonly bestWithinBudget: readonly number[]
  }[]
}
const golden: Golden = JSON.parse(readFileSync(new URL("../../golden/search/asha.json", import.meta.url), "utf8"))
const whole = toyRungs[2]
const seeds = golden.noises[0]!.bestWithinBudget.map((_, seed) => seed)

/** Steps trained, and the best value at the end of a trial, as far as the budget of steps goes. */
const sweep = (seed: number, noise: number, trials: number, budgetSteps = Number.POSITIVE_INFINITY) => {
  const { searcher, halving, virtualWorkers } = asha({ rungs: toyRungs, searcher: blind() })
  const space = { dimensions: [x], seed, accepts: () => true }
  const decisions = beginDecisions({ ...space, searcher, trials, halving, virtualWorkers, stepsOf: () => whole })
  let steps = 0
  let best = Number.POSITIVE_INFINITY
  for (let job = decisions.open()[0]; job !== undefined; job = decisions.open()[0]) {
    const value = toyCurve(seed, job.trial, noise)[job.rung]!
    const trained = toyRungs[job.rung]! - (toyRungs[job.rung - 1] ?? 0)
    if (steps + trained > budgetSteps) break
    steps += trained
    if (job.rung === toyRungs.length - 1) best = Math.min(best, value)
    decisions.settle(job.decision, { kind: "value", value })
  }
  return { steps, best }
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Chance of so many wins or more in so many throws of a fair coin. */
const chanceOfWins = (wins: number, throws: number): number => {
  let ways = 1
  let chance = 0
  for (let won = 0; won <= throws; won++) {
    if (won >= wins) chance += ways / 2 ** throws
    ways = (ways * (throws - won)) / (won + 1)
  }
  return chance
}

describe("asha beside Optuna's successive halving", () => {
  it("is shown the same curves", () => {
    expect([toyCurve(0, 1, 0.1), toyCurve(199, 24, 0.02)]).toEqual(golden.curves)
  })

  it.each(golden.noises)("finds the best of all trials as often, at noise $noise", ({ noise, bestFoundShare }) => {
    const found = seeds.filter((seed) => {
      const ends = Array.from({ length: golden.trials }, (_, index) => toyCurve(seed, index + 1, noise)[2]!)
      return sweep(seed, noise, golden.trials).best === Math.min(...ends)
    })
    expect(found.length / seeds.length).toBeGreaterThanOrEqual(bestFoundShare)
  })

  it.each(golden.noises)("finds no worse value in as many steps, at noise $noise", ({ noise, bestWithinBudget }) => {
    const pairs = seeds.map((seed) => [sweep(seed, noise, 1000, golden.budget).best, bestWithinBudget[seed]!] as const)
    const worse = pairs.filter(([ours, theirs]) => ours > theirs).length
    const better = pairs.filter(([ours, theirs]) => ours < theirs).length
    expect(chanceOfWins(worse, worse + better)).toBeGreaterThan(0.001)
  })

  it.each(golden.noises)(
    "trains at most 0.42 of the steps of 24 whole trials on average, at noise $noise",
    ({ noise }) => {
      const shares = seeds.map((seed) => sweep(seed, noise, golden.trials).steps / (golden.trials * whole))
      expect(average(shares)).toBeLessThanOrEqual(0.42)
      expect(average(shares)).toBeGreaterThan(0.35)
    },
  )
})
