/**
 * The table of a sweep as CSV (RFC 4180): every axis and every number in full, for programs to read.
 *
 * What is not there is an empty field. A value that is null is written as null.
 */
import { byRank, type SweepTable, type SweepTrial, valueOn } from "./sweep-table.ts"

type Field = string | number | boolean | null | undefined

/** Quoted where a reader would take it apart. */
const field = (value: Field): string => {
  const text = value === undefined ? "" : String(value)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Steps of all rungs that any trial has reached. */
const rungSteps = ({ trials }: SweepTable): readonly number[] =>
  [...new Set(trials.flatMap(({ rungs }) => rungs.map(({ steps }) => steps)))].sort((a, b) => a - b)

const heading = (table: SweepTable): readonly Field[] => {
  const first = table.objectives[0]?.name ?? "value"
  return [
    ...["trial", "rank", "state"],
    ...table.axes.map(({ name }) => name),
    ...table.objectives.map(({ name }) => name),
    ...["spread", "on front", "steps asked", "steps trained"],
    ...rungSteps(table).map((steps) => `${first} at ${steps}`),
    ...["by hand", "why"],
  ]
}

const fieldsOf = (table: SweepTable, trial: SweepTrial): readonly Field[] => [
  ...[trial.trial, trial.rank ?? undefined, trial.state],
  ...table.axes.map((axis) => valueOn(axis, trial)),
  ...table.objectives.map((_, at) => trial.objectives[at] ?? undefined),
  ...[trial.spread ?? undefined, trial.onFront, trial.steps.asked, trial.steps.trained],
  ...rungSteps(table).map((steps) => trial.rungs.find((rung) => rung.steps === steps)?.value),
  ...[trial.byHand, trial.why ?? undefined],
]

/** One row per trial, best first, after a row of names; lines end in CR LF. */
export const sweepCsv = (table: SweepTable): string =>
  [heading(table), ...byRank(table.trials).map((trial) => fieldsOf(table, trial))]
    .map((fields) => `${fields.map(field).join(",")}\r\n`)
    .join("")
