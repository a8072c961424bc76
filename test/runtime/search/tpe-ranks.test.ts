/** What `tpe` finds in 50 trials of made-up functions, beside what Optuna's TPE found. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { random } from "../../../src/runtime/search/random.ts"
import type { Searcher, Seen } from "../../../src/runtime/search/searcher.ts"
import { tpe } from "../../../src/runtime/search/tpe.ts"
import { complete, searched } from "./made-search.ts"
import { chanceOfRanks, combinedChance } from "./rig/rank-test.ts"
import { type SearchProblem, searchProblems } from "./rig/search-problems.ts"

const golden: { readonly trials: number; readonly best: Readonly<Record<string, readonly number[]>> } = JSON.parse(
  readFileSync(new URL("../../golden/search/tpe.json", import.meta.url), "utf8"),
)

const bestValue = (searcher: Searcher, { dimensions, valueAt }: SearchProblem, seed: number): number => {
  const search = searcher.begin(searched(dimensions, { seed }))
  const seen: Seen[] = []
  for (let trial = 1; trial <= golden.trials; trial++) {
    const point = search.suggest({ trial, seen: seen.slice() })!
    seen.push(complete(trial, point, valueAt(point)))
  }
  return Math.min(...seen.map(({ state }) => (state.kind === "complete" ? state.value : Number.POSITIVE_INFINITY)))
}

/** For each function the chance that 20 of our searches come out so much worse if they are as good. */
const chances = (searcher: Searcher): readonly number[] =>
  searchProblems.map((problem) => {
    const ours = Array.from({ length: 20 }, (_, seed) => bestValue(searcher, problem, seed))
    return chanceOfRanks(ours, golden.best[problem.name]!)
  })

describe("tpe beside Optuna's TPE", () => {
  it("finds no worse values, in any of seven functions or in all of them together", () => {
    const found = chances(tpe())
    expect(Math.min(...found)).toBeGreaterThan(0.001)
    expect(combinedChance(found)).toBeGreaterThan(0.01)
  })

  it("would be told from random search by this test", () => {
    const found = chances(random())
    expect(Math.min(...found)).toBeLessThan(0.001)
    expect(combinedChance(found)).toBeLessThan(0.01)
  })
})

describe("the rank test", () => {
  it("gives the chances that SciPy gives", () => {
    expect(chanceOfRanks([3, 5, 5, 9], [1, 2, 5, 6, 4])).toBeCloseTo(0.19161, 5)
    expect(combinedChance([0.2, 0.03, 0.6])).toBeCloseTo(0.08085, 5)
  })
})
