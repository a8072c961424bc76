/**
 * A table for a terminal, as wide as that is. The first column names the rows and comes again in front of each block of columns that fit
 * beside it; values that are too long are cut, so that two which differ still look different.
 *
 * Without a width, as into a pipe, nothing is cut and nothing is parted.
 */
import { cutToWidth, displayWidth, padToWidth } from "./display-width.ts"
import { printablePlace } from "./printable.ts"
import type { Style } from "./words.ts"

export interface TextColumn {
  readonly title: string
  /** Numbers line up at their end. */
  readonly isNumber: boolean
}

export interface TextSection {
  /** Stands above its rows; "" for none. */
  readonly title: string
  readonly rows: readonly (readonly string[])[]
  /** Stands below them. */
  readonly note?: string | undefined
}

export interface TextTable {
  /** The first one names the rows. */
  readonly columns: readonly TextColumn[]
  readonly sections: readonly TextSection[]
}

const gap = 2
const leastWidth = 8
/** Letters shown in front of the place where two values part. */
const context = 6

const cutEnd = (text: string, width: number): string =>
  displayWidth(text) <= width ? text : `${cutToWidth(text, width - 1)}…`

const sharedLetters = (texts: readonly string[]): number => {
  const [first = "", ...others] = texts
  const at = [...first].findIndex((letter, index) => others.some((other) => [...other][index] !== letter))
  return at < 0 ? Math.min(...texts.map((text) => [...text].length)) : at
}

const count = (texts: readonly string[]): number => new Set(texts).size

/** The values of one row, cut at their end; where that would make two of them the same, what they have in common goes first. */
const cutValues = (values: readonly string[], widths: readonly number[]): readonly string[] => {
  const cut = values.map((value, at) => cutEnd(value, widths[at]!))
  if (count(cut) === count(values)) return cut
  const long = values.filter((value, at) => displayWidth(value) > widths[at]!)
  const from = Math.max(0, sharedLetters([...new Set(long)]) - context)
  return values.map((value, at) => {
    const isLong = displayWidth(value) > widths[at]!
    return isLong && from > 0 ? cutEnd(`…${[...value].slice(from).join("")}`, widths[at]!) : cut[at]!
  })
}

const widthOf = ({ columns, sections }: TextTable, at: number): number =>
  Math.max(
    displayWidth(columns[at]!.title),
    ...sections.flatMap(({ rows }) => rows.map((row) => displayWidth(row[at]!))),
  )

/** Two columns of values fit beside the names, however long they are. */
const widthsFor = (table: TextTable, width: number): readonly number[] => {
  const [names = 0, ...values] = table.columns.map((_, at) => widthOf(table, at))
  const nameWidth = Math.min(names, Math.max(leastWidth, Math.floor(width * 0.4)))
  const most = Math.max(leastWidth, Math.floor((width - nameWidth) / Math.min(2, values.length)) - gap)
  return [nameWidth, ...values.map((value) => Math.min(value, most))]
}

/** Numbers of the columns that stand in one block, the names aside. */
const blocksOf = ([names = 0, ...values]: readonly number[], width: number): readonly (readonly number[])[] => {
  const blocks: number[][] = [[]]
  let left = width - names
  for (const [index, value] of values.entries()) {
    if (left < value + gap && blocks.at(-1)!.length > 0) {
      blocks.push([])
      left = width - names
    }
    left -= value + gap
    blocks.at(-1)!.push(index + 1)
  }
  return blocks
}

const padded = (text: string, width: number, isNumber: boolean): string =>
  isNumber ? `${" ".repeat(Math.max(0, width - displayWidth(text)))}${text}` : padToWidth(text, width)

const block = (
  { columns, sections }: TextTable,
  shown: readonly number[],
  widths: readonly number[],
  paint: Style,
): string => {
  const line = (row: readonly string[]): string => {
    const cells = [0, ...shown].map((at) => padded(row[at]!, widths[at]!, columns[at]!.isNumber))
    return cells.join(" ".repeat(gap)).trimEnd()
  }
  const cut = (row: readonly string[]): readonly string[] => [
    cutEnd(row[0]!, widths[0]!),
    ...cutValues(row.slice(1), widths.slice(1)),
  ]
  const parts = sections.map(({ title, rows, note }) =>
    [
      ...(title === "" ? [] : [paint.bold(title)]),
      ...rows.map((row) => line(cut(row))),
      ...(note === undefined ? [] : [paint.dim(note)]),
    ].join("\n"),
  )
  const head = paint.bold(line(cut(columns.map(({ title }) => title))))
  return [[head, parts[0]].filter(Boolean).join("\n"), ...parts.slice(1)].join("\n\n")
}

const printable = ({ columns, sections }: TextTable): TextTable => ({
  columns: columns.map((column) => ({ ...column, title: printablePlace(column.title) })),
  sections: sections.map((section) => ({ ...section, rows: section.rows.map((row) => row.map(printablePlace)) })),
})

/** `width`: columns of the terminal; undefined where there is none. */
export const textTable = (table: TextTable, width: number | undefined, paint: Style): string => {
  const shown = printable(table)
  const most = width ?? Number.POSITIVE_INFINITY
  const widths = width === undefined ? shown.columns.map((_, at) => widthOf(shown, at)) : widthsFor(shown, width)
  return `${blocksOf(widths, most)
    .map((numbers) => block(shown, numbers, widths, paint))
    .join("\n\n")}\n`
}
