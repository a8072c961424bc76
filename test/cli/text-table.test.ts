/** Tables on a terminal: how wide they are, what is cut, and what still tells values apart. */
import { describe, expect, it } from "vitest"
import { displayWidth } from "../../src/cli/reporters/display-width.ts"
import { type TextTable, textTable } from "../../src/cli/reporters/text-table.ts"
import { style } from "../../src/cli/reporters/words.ts"

const plain = style(false)

const tableOf = (columns: readonly string[], ...rows: readonly (readonly string[])[]): TextTable => ({
  columns: columns.map((title, at) => ({ title, isNumber: at > 0 })),
  sections: [{ title: "", rows }],
})

const prompt = "a photo of sks dog that sits in the sun, "
const long = tableOf(
  ["run", "1", "2", "3"],
  ["prompt", `${prompt}red`, `${prompt}green`, "a cat"],
  ["a name that is longer than most of what stands beside it", "1", "22", "333"],
  ["letters", "写真写真写真写真写真写真写真写真写真写真写真", "–", "e\u0301"],
)

const linesOf = (table: TextTable, width: number | undefined): readonly string[] =>
  textTable(table, width, plain).split("\n").slice(0, -1)

describe("a table", () => {
  it.each(Array.from({ length: 140 }, (_, at) => at + 26))("fits into %i columns", (width) => {
    const widths = linesOf(long, width).map(displayWidth)
    expect(Math.max(...widths)).toBeLessThanOrEqual(width)
  })

  it("shows every column in any width, each block with the names in front", () => {
    for (const width of [26, 60, 120]) {
      const heads = linesOf(long, width).filter((line) => line.startsWith("run "))
      expect(heads.flatMap((head) => head.split(/ +/).slice(1))).toEqual(["1", "2", "3"])
    }
  })

  it("of long values has two beside each other in any width", () => {
    expect(linesOf(long, 50)[0]).toMatch(/^run +1 +2$/)
  })

  it("into a pipe is whole and in one block", () => {
    const lines = linesOf(long, undefined)
    expect(lines[1]).toMatch(/red +.*green +a cat$/)
    expect(lines).toHaveLength(4)
  })

  it("cuts values so that those which differ look different, in every width", () => {
    for (let width = 40; width < 120; width++) {
      const row = linesOf(long, width).find((line) => line.startsWith("prompt"))!
      const [, first, second] = row.split(/ {2,}/)
      expect(first).not.toBe(second)
    }
  })

  it("lines numbers up at their end and words at their start", () => {
    const numbers = tableOf(["n", "steps"], ["a", "5"], ["b", "1200"])
    expect(linesOf(numbers, 80)).toEqual(["n  steps", "a      5", "b   1200"])
    const words = { ...numbers, columns: numbers.columns.map((column) => ({ ...column, isNumber: false })) }
    expect(linesOf(words, 80)).toEqual(["n  steps", "a  5", "b  1200"])
  })

  it("has sections with a title above and a note below", () => {
    const { columns } = tableOf(["n", "x"])
    const sections = [
      { title: "", rows: [["a", "1"]] },
      { title: "more", rows: [], note: "(none)" },
    ]
    expect(linesOf({ columns, sections }, 80)).toEqual(["n  x", "a  1", "", "more", "(none)"])
  })

  it("keeps names and values that hold line ends or escapes in their line", () => {
    const lines = linesOf(tableOf(["n", "x"], ["a\nb", "\u001b[2J"]), 80)
    expect(lines).toHaveLength(2)
    expect(lines[1]).toBe("a\\nb  \\u001b[2J")
  })
})
