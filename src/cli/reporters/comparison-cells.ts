/** A comparison as rows of short words, for terminals and Markdown alike: a name, then a cell for each run. */
import { plural } from "../../runtime/model/counted.ts"
import type { Run } from "../../runtime/storage/store.ts"
import type { ComparedRow, Comparison } from "../../tools/run-comparison/comparison.ts"
import { absent, shortNumber } from "../../tools/tables/short-words.ts"
import { parameterWords } from "./parameter-words.ts"
import type { TextSection, TextTable } from "./text-table.ts"
import { duration, fromHere, moment } from "./words.ts"

const factsOf: Readonly<Record<string, (run: Run) => string | null>> = {
  pipeline: ({ pipeline }) => pipeline,
  file: ({ file }) => file && fromHere(file),
  Loom: ({ loom }) => loom,
  state: ({ state }) => state,
  started: ({ startedAtMs }) => moment(startedAtMs),
  took: ({ startedAtMs, finishedAtMs }) => (finishedAtMs === null ? null : duration(finishedAtMs - startedAtMs)),
}

const leastDigits = 5
const mostDigits = 17

const numberText = (value: number, digits: number): string =>
  Number.isInteger(value) ? String(value) : shortNumber(value, digits)

/** Whole numbers in full, others with as many digits as it takes to tell the values of a row apart. */
const numberWords = (values: readonly (number | undefined)[]): ((value: number) => string) => {
  const numbers = [...new Set(values.filter((value) => value !== undefined))]
  const isEnough = (digits: number): boolean =>
    new Set(numbers.map((value) => numberText(value, digits))).size === numbers.length
  let digits = leastDigits
  while (digits < mostDigits && !isEnough(digits)) digits++
  return (value) => numberText(value, digits)
}

const digestLetters = 12

interface Cells {
  readonly name: string
  readonly cells: readonly string[]
  readonly differs: boolean
}

const cellsOf = <Value>({ name, values, differs }: ComparedRow<Value>, words: (value: Value) => string): Cells => ({
  name,
  cells: values.map((value) => (value === undefined ? absent : words(value))),
  differs,
})

const factCells = (runs: readonly Run[]): readonly Cells[] =>
  Object.entries(factsOf).map(([name, fact]) => {
    const cells = runs.map((run) => fact(run) ?? absent)
    return { name, cells, differs: new Set(cells).size > 1 }
  })

interface Group {
  readonly title: string
  /** One of its rows. */
  readonly noun: string
  readonly rows: readonly Cells[]
}

const groupsOf = ({ parameters, results, files }: Comparison): readonly Group[] => [
  { title: "parameters", noun: "parameter", rows: parameters.map((row) => cellsOf(row, parameterWords)) },
  { title: "results", noun: "number", rows: results.map((row) => cellsOf(row, numberWords(row.values))) },
  {
    title: "files",
    noun: "file",
    rows: files.map((row) => cellsOf(row, ({ sha256 }) => sha256.slice(0, digestLetters))),
  },
]

/** What is not shown: rows in which the runs are equal. */
const noteOf = ({ noun, rows }: Group, shown: number): string | undefined => {
  const left = rows.length - shown
  if (rows.length === 0) return "(none recorded)"
  if (left === 0) return undefined
  const which = shown > 0 ? `${left} more` : left === 1 ? "the one" : left === 2 ? "both" : `all ${left}`
  return `(${which} ${plural(left, noun)} ${left === 1 ? "is" : "are"} equal)`
}

const textRow = ({ name, cells }: Cells): readonly string[] => [name, ...cells]

/** Rows in which the runs differ, or all of them. */
export const comparisonCells = (comparison: Comparison, all: boolean): TextTable => {
  const shown = (rows: readonly Cells[]): readonly Cells[] => rows.filter(({ differs }) => all || differs)
  const sections = groupsOf(comparison).map((group): TextSection => {
    const rows = shown(group.rows)
    return { title: group.title, rows: rows.map(textRow), note: noteOf(group, rows.length) }
  })
  return {
    columns: ["run", ...comparison.runs.map(({ id }) => String(id))].map((title) => ({ title, isNumber: false })),
    sections: [{ title: "", rows: shown(factCells(comparison.runs)).map(textRow) }, ...sections],
  }
}
