/**
 * The trials as rows of short words, best first: for terminals, Markdown and the report alike.
 *
 * Shown is what tells trials apart: axes on which they differ, the spread where something was repeated.
 */

import { absent } from "../tables/short-words.ts"
import { byRank, differs, type SweepTable, type SweepTrial, valueOn } from "./sweep-table.ts"
import { objectiveWords, stateWords, valueWords } from "./value-words.ts"

export interface CellColumn {
  readonly title: string
  /** Numbers line up at their end. */
  readonly isNumber: boolean
  readonly cell: (trial: SweepTrial) => string
}

const numbers = (title: string, cell: (trial: SweepTrial) => string): CellColumn => ({ title, isNumber: true, cell })
const words = (title: string, cell: (trial: SweepTrial) => string): CellColumn => ({ title, isNumber: false, cell })

/** "1,200 of 7,200": the same on every machine, whatever its language. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",")

const spreadColumn = ({ trials }: SweepTable): readonly CellColumn[] =>
  trials.some(({ spread }) => spread !== null) ? [numbers("spread", ({ spread }) => objectiveWords(spread))] : []

const frontColumn = ({ objectives }: SweepTable): readonly CellColumn[] =>
  objectives.length > 1 ? [words("front", ({ onFront }) => (onFront ? "yes" : ""))] : []

const axisColumns = ({ axes, trials }: SweepTable): readonly CellColumn[] =>
  axes
    .filter((axis) => differs(axis, trials))
    .map((axis) => ({
      title: axis.name,
      isNumber: axis.kind !== "choice",
      cell: (trial) => valueWords(valueOn(axis, trial)),
    }))

export const cellColumns = (table: SweepTable): readonly CellColumn[] => [
  numbers("rank", ({ rank }) => (rank === null ? absent : String(rank))),
  numbers("trial", ({ trial }) => String(trial)),
  words("state", stateWords),
  ...axisColumns(table),
  ...table.objectives.map(({ name }, at) => numbers(name, ({ objectives }) => objectiveWords(objectives[at]))),
  ...spreadColumn(table),
  ...frontColumn(table),
  numbers("steps", ({ steps }) => grouped(steps.asked)),
  numbers("trained", ({ steps }) => grouped(steps.trained)),
]

export interface TrialCells {
  readonly columns: readonly CellColumn[]
  /** One per trial, best first. */
  readonly rows: readonly (readonly string[])[]
}

export const trialCells = (table: SweepTable): TrialCells => {
  const columns = cellColumns(table)
  return { columns, rows: byRank(table.trials).map((trial) => columns.map(({ cell }) => cell(trial))) }
}
