/** The table of a sweep as CSV: every axis and every number in full, for programs to read. */
import { type CsvField, csvTable } from "../tables/csv-table.ts"
import { byRank, type SweepTable, type SweepTrial, valueOn } from "./sweep-table.ts"

/** Steps of all rungs that any trial has reached. */
const rungSteps = ({ trials }: SweepTable): readonly number[] =>
  [...new Set(trials.flatMap(({ rungs }) => rungs.map(({ steps }) => steps)))].sort((a, b) => a - b)

const heading = (table: SweepTable, rungs: readonly number[]): readonly CsvField[] => {
  const first = table.objectives[0]?.name ?? "value"
  return [
    ...["trial", "rank", "state"],
    ...table.axes.map(({ name }) => name),
    ...table.objectives.map(({ name }) => name),
    ...["spread", "on front", "steps asked", "steps trained"],
    ...rungs.map((steps) => `${first} at ${steps}`),
    ...["by hand", "why"],
  ]
}

const fieldsOf = (table: SweepTable, rungs: readonly number[], trial: SweepTrial): readonly CsvField[] => [
  ...[trial.trial, trial.rank ?? undefined, trial.state],
  ...table.axes.map((axis) => valueOn(axis, trial)),
  ...table.objectives.map((_, at) => trial.objectives[at] ?? undefined),
  ...[trial.spread ?? undefined, trial.onFront, trial.steps.asked, trial.steps.trained],
  ...rungs.map((steps) => trial.rungs.find((rung) => rung.steps === steps)?.value),
  ...[trial.byHand, trial.why ?? undefined],
]

/** One row per trial, best first, after a row of names. */
export const sweepCsv = (table: SweepTable): string => {
  const rungs = rungSteps(table)
  return csvTable([heading(table, rungs), ...byRank(table.trials).map((trial) => fieldsOf(table, rungs, trial))])
}
