/** Values of a comparison in words: as short as they can be, and never the same where they differ. */
import { describe, expect, it } from "vitest"
import { comparisonCells } from "../../src/cli/reporters/comparison-cells.ts"
import type { Json } from "../../src/runtime/model/canonical-json.ts"
import type { Run } from "../../src/runtime/storage/store.ts"
import type { Comparison } from "../../src/tools/run-comparison/comparison.ts"

const runs = [1, 2].map((id) => ({ id, pipeline: "p", state: "finished", startedAtMs: 0, finishedAtMs: 1 }) as Run)
const nothing: Comparison = { runs, parameters: [], results: [], files: [], unfinished: [], differences: [] }

const cellsIn = (comparison: Partial<Comparison>): readonly (readonly string[])[] =>
  comparisonCells({ ...nothing, ...comparison }, false).sections.flatMap(({ rows }) => rows.map((row) => row.slice(1)))

const resultCells = (...values: readonly (number | undefined)[]) =>
  cellsIn({ results: [{ name: "x", values, differs: true }] })[0]

const parameterCells = (...values: readonly (Json | undefined)[]) =>
  cellsIn({ parameters: [{ name: "x", values, differs: true }] })[0]

describe("a run that an earlier Loom recorded", () => {
  it("has – for what was not recorded then, and for an end that it does not have", () => {
    const [old, now] = [
      { ...runs[0]!, file: null, loom: null, finishedAtMs: null },
      { ...runs[1]!, file: "p.ts", loom: "1.2.3", finishedAtMs: 60_000 },
    ]
    const { sections } = comparisonCells({ ...nothing, runs: [old, now] }, false)
    expect(sections[0]!.rows).toEqual([
      ["file", "–", "p.ts"],
      ["Loom", "–", "1.2.3"],
      ["took", "–", "1:00 min"],
    ])
  })
})

describe("numbers", () => {
  it("have five digits, and as many more as tell them apart", () => {
    expect(resultCells(1 / 3, 2 / 3)).toEqual(["0.33333", "0.66667"])
    expect(resultCells(0.12345671, 0.12345672)).toEqual(["0.12345671", "0.12345672"])
    const [one, next] = resultCells(0.1, 0.1 + Number.EPSILON / 8)!
    expect(one).not.toBe(next)
  })

  it("that are whole are written in full", () => {
    expect(resultCells(123456789, undefined)).toEqual(["123456789", "–"])
  })

  it("that are none are words", () => {
    expect(resultCells(Number.NaN, Number.NEGATIVE_INFINITY)).toEqual(["NaN", "-Infinity"])
  })
})

describe("parameters", () => {
  it("are written in full", () => {
    expect(parameterCells(0.00012345678, [1, { a: null }])).toEqual(["0.00012345678", '[1,{"a":null}]'])
  })

  it.each<readonly [text: string, other: Json | undefined]>([
    ["5", 5],
    ["null", null],
    ["true", true],
    ["[1]", [1]],
    ["–", undefined],
    ["", undefined],
    [" a", "a"],
  ])("that are the text %j do not look like %j", (text, other) => {
    const [one, another] = parameterCells(text, other)!
    expect(one).toBe(JSON.stringify(text))
    expect(one).not.toBe(another)
  })

  it("that are plain texts have no quotes", () => {
    expect(parameterCells("a photo of sks dog", "cosine")).toEqual(["a photo of sks dog", "cosine"])
  })
})

describe("rows that are equal", () => {
  const rows = (...differ: readonly boolean[]) =>
    comparisonCells(
      { ...nothing, parameters: differ.map((differs, at) => ({ name: `p${at}`, values: [1, 1], differs })) },
      false,
    ).sections.find(({ title }) => title === "parameters")?.note

  it.each<readonly [note: string | undefined, differ: readonly boolean[]]>([
    ["(none recorded)", []],
    [undefined, [true]],
    ["(the one parameter is equal)", [false]],
    ["(both parameters are equal)", [false, false]],
    ["(all 3 parameters are equal)", [false, false, false]],
    ["(1 more parameter is equal)", [true, false]],
    ["(2 more parameters are equal)", [true, false, false]],
  ])("are counted: %s", (note, differ) => expect(rows(...differ)).toBe(note))
})
