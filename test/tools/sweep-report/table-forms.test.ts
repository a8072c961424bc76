/** The table of a sweep as CSV, as Markdown and as cells: what a reader or a program finds in it. */
import { describe, expect, it } from "vitest"
import { sweepCsv } from "../../../src/tools/sweep-report/sweep-csv.ts"
import { sweepMarkdown } from "../../../src/tools/sweep-report/sweep-markdown.ts"
import type { SweepTable, SweepTrial } from "../../../src/tools/sweep-report/sweep-table.ts"
import { trialCells } from "../../../src/tools/sweep-report/trial-cells.ts"
import { shortNumber } from "../../../src/tools/tables/short-words.ts"
import { readCsv } from "../../rig/read-csv.ts"
import { madeUpTable } from "./made-up-table.ts"

const plain: SweepTrial = {
  trial: 1,
  rank: 1,
  state: "complete",
  values: { rate: 0.00012345678, text: null },
  objectives: [0.123456789],
  spread: null,
  rungs: [],
  steps: { asked: 1300, trained: 300 },
  onFront: false,
  why: null,
  byHand: false,
  loss: [],
  validation: [],
  pictures: [],
}

const tableOf = (...trials: readonly Partial<SweepTrial>[]): SweepTable => ({
  name: "small",
  pipeline: "p",
  search: "random",
  adaptive: false,
  objectives: [{ name: "loss", direction: "minimise" }],
  axes: [
    { name: "rate", kind: "real", log: true, options: null },
    { name: "text", kind: "choice", log: false, options: ["null", "on"] },
    { name: "text.rate", kind: "real", log: true, options: null },
  ],
  trials: trials.map((trial, at) => ({ ...plain, trial: at + 1, ...trial })),
  steps: { asked: 0, trained: 0 },
})

const titles = (table: SweepTable) => trialCells(table).columns.map(({ title }) => title)

describe("the CSV of a sweep", () => {
  it("has a row of names and a row per trial, best first, those without a rank behind", () => {
    const rows = readCsv(
      sweepCsv(tableOf({ rank: 2 }, { rank: null, state: "failed", objectives: [null] }, { rank: 1 })),
    )
    expect(rows.map(([trial, rank]) => [trial, rank])).toEqual([
      ["trial", "rank"],
      ["3", "1"],
      ["1", "2"],
      ["2", ""],
    ])
  })

  it("looks at the rungs of each trial as often, however many trials there are", () => {
    const looksAt = (count: number): number => {
      let looks = 0
      const counted = (trial: SweepTrial): SweepTrial => ({
        ...trial,
        get rungs() {
          looks += 1
          return trial.rungs
        },
      })
      const table = madeUpTable({ trials: count })
      sweepCsv({ ...table, trials: table.trials.map(counted) })
      return looks / count
    }
    expect(looksAt(48)).toBe(looksAt(24))
  })

  it("gives numbers in full, null as null, and nothing for an axis that is not there", () => {
    const [names, row] = readCsv(sweepCsv(tableOf({})))
    expect(Object.fromEntries(names!.map((name, at) => [name, row![at]]))).toMatchObject({
      rate: "0.00012345678",
      text: "null",
      "text.rate": "",
      loss: "0.123456789",
      "steps asked": "1300",
      "steps trained": "300",
    })
  })

  it("gives every text back as it was, with its quotes, commas, line ends and outer spaces", () => {
    const texts = ['say "no", twice', "two\nlines", " indented", 'a"b']
    const rows = readCsv(sweepCsv(tableOf(...texts.map((text) => ({ values: { text } })))))
    expect(rows.slice(1).map((row) => row[rows[0]!.indexOf("text")])).toEqual(texts)
    // Readers that trim fields leave quoted ones alone.
    expect(sweepCsv(tableOf({ values: { text: " indented" } }))).toContain('," indented",')
  })

  it("has a column for each rung that any trial has reached", () => {
    const [names, ...rows] = readCsv(sweepCsv(madeUpTable()))
    const at = names!.indexOf("validation loss at 150")
    expect(names).toEqual(expect.arrayContaining([50, 150, 300].map((steps) => `validation loss at ${steps}`)))
    expect(rows.filter((row) => row[at] !== "").length).toBe(
      madeUpTable().trials.filter(({ rungs }) => rungs.length >= 2).length,
    )
  })
})

describe("the cells of a sweep", () => {
  it("leave out axes on which no two trials differ", () => {
    expect(titles(tableOf({}, { values: { rate: 0.1, text: null } }))).toEqual(
      expect.arrayContaining(["rank", "trial", "rate"]),
    )
    expect(titles(tableOf({}, { values: { rate: 0.1, text: null } }))).not.toContain("text")
  })

  it("show an axis that is there for some trials only, and – for the others", () => {
    const { columns, rows } = trialCells(
      tableOf({ rank: 1 }, { rank: 2, values: { ...plain.values, "text.rate": 1e-5 } }),
    )
    const at = columns.findIndex(({ title }) => title === "text.rate")
    expect(rows.map((row) => row[at])).toEqual(["–", "1e-5"])
  })

  it("show the spread only where something was repeated, and the front only where there are several objectives", () => {
    expect(titles(tableOf({}))).not.toContain("spread")
    expect(titles(tableOf({ spread: 0.01 }))).toContain("spread")
    expect(titles(madeUpTable({ objectives: 1 }))).not.toContain("front")
    expect(titles(madeUpTable({ objectives: 2 }))).toContain("front")
  })

  it("say where a trial was pruned and what was gone on with by hand", () => {
    const states = trialCells(madeUpTable()).rows.map((row) => row[2])
    expect(new Set(states)).toEqual(
      new Set(["complete", "complete, by hand", "pruned at 150", "pruned at 50", "failed"]),
    )
  })

  it.each([
    [16, "16"],
    [0.1234567, "0.1235"],
    [0.000234567, "2.346e-4"],
    [0.0001, "1e-4"],
    [-0.00001, "-1e-5"],
    [0, "0"],
    [1234.56, "1235"],
    [1e12, "1000000000000"],
  ])("write %d as %s", (value, text) => expect(shortNumber(value)).toBe(text))
})

describe("the Markdown of a sweep", () => {
  it("has one line per trial and as many cells in each, whatever the texts hold", () => {
    const hostile = "a|b\n<script>alert(1)</script> [x](javascript:y) `c` \\"
    const lines = sweepMarkdown(tableOf({}, { values: { rate: 1, text: hostile } }))
      .trimEnd()
      .split("\n")
    expect(lines.length).toBe(4)
    const cells = lines.map((line) => line.match(/(?<!\\)(?:\\\\)*\|/g)?.length)
    expect(new Set(cells).size).toBe(1)
    expect(lines.join("\n")).not.toMatch(/(?<!\\)[<[`]/)
  })

  it("lines numbers up at their end", () => {
    expect(sweepMarkdown(tableOf({})).split("\n")[1]).toMatch(/^\| ---: \| ---: \|/)
  })
})
