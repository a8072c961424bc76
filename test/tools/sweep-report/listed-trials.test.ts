/** Which trials of very many a report lists, and that it says so. */
import { describe, expect, it } from "vitest"
import { evenly, listedTrials } from "../../../src/tools/sweep-report/listed-trials.ts"
import { sweepReport } from "../../../src/tools/sweep-report/sweep-report.ts"
import type { SweepTable } from "../../../src/tools/sweep-report/sweep-table.ts"
import { madeUpTable } from "./made-up-table.ts"

const some = (count: number, objectives: 1 | 2 = 2): SweepTable => madeUpTable({ trials: count, objectives })
const many = some(3000)
const { table, note } = listedTrials(many)

describe("the trials that a report lists", () => {
  it("are all of up to 500, and of more 500, in their order", () => {
    const few = some(500)
    expect(listedTrials(few)).toEqual({ table: few, note: null })
    expect(listedTrials(some(501)).table.trials).toHaveLength(500)
    expect(table.trials).toHaveLength(500)
    expect(table.trials).toEqual(many.trials.filter((trial) => table.trials.includes(trial)))
  })

  it("hold the best 100, the front, and the last", () => {
    const ranks = new Set(table.trials.map(({ rank }) => rank))
    for (let rank = 1; rank <= 100; rank++) expect(ranks).toContain(rank)
    expect(table.trials.filter(({ onFront }) => onFront)).toEqual(many.trials.filter(({ onFront }) => onFront))
    expect(table.trials.some(({ state }) => state === "failed")).toBe(true)
  })

  it("leave no wide gap among the ranks", () => {
    const ranks = table.trials.flatMap(({ rank }) => rank ?? []).sort((a, b) => a - b)
    const gaps = ranks.slice(1).map((rank, at) => rank - ranks[at]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(2900 / 390))
  })

  it("hold 200 of a front of more, from one end to the other", () => {
    const crowded = { ...many, trials: many.trials.map((trial) => ({ ...trial, onFront: trial.rank !== null })) }
    const listed = listedTrials(crowded).table.trials
    expect(listed).toHaveLength(500)
    expect(listed.map(({ rank }) => rank)).toContain(2999)
  })

  it("are told of in the report, whose facts are of all", async () => {
    expect(note).toBe(
      "Of 3,000 trials 500 are listed and drawn: the best 100, those on the front and others evenly over the ranks. The CSV of the sweep has them all.",
    )
    expect(listedTrials(some(501, 1)).note).toContain("the best 100, others evenly over the ranks")
    const report = await sweepReport({ table: many })
    expect(report).toContain(`<p class="note">${note}</p>`)
    expect(report).toContain("<caption>The listed trials, best first</caption>")
    expect(report).toContain("<strong>3,000</strong> <span>1,000 complete, 1,999 pruned, 1 failed</span>")
    expect(report.match(/<tr data-trial="\d+"(?: class="first")?><td/g)).toHaveLength(500)
  })
})

describe("a list thinned evenly", () => {
  it("keeps its ends, and all of a list that is short enough", () => {
    expect(evenly([1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([1, 5, 9])
    expect(evenly([1, 2, 3], 3)).toEqual([1, 2, 3])
    expect(evenly([1, 2, 3], 1)).toEqual([1])
    expect(evenly([1, 2, 3], 0)).toEqual([])
  })
})
