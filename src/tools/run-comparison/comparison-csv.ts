/**
 * A comparison as CSV, a line for each run, for spreadsheets and programs: parameters and numbers in full, files by their whole digests.
 *
 * Lists and records that are values are written as JSON; moments as ISO 8601, in UTC.
 */
import { canonicalJson, type Json } from "../../runtime/model/canonical-json.ts"
import type { Run } from "../../runtime/storage/store.ts"
import { type CsvField, csvTable } from "../tables/csv-table.ts"
import type { ComparedRow, Comparison } from "./comparison.ts"

type Facts = Readonly<Record<string, CsvField>>

const factsOf = ({ id, pipeline, file, loom, state, startedAtMs, finishedAtMs }: Run): Facts => ({
  run: id,
  pipeline,
  file: file ?? undefined,
  Loom: loom ?? undefined,
  state,
  started: new Date(startedAtMs).toISOString(),
  seconds: finishedAtMs === null ? undefined : (finishedAtMs - startedAtMs) / 1000,
})

const parameterField = (value: Json): CsvField =>
  typeof value === "object" && value !== null ? canonicalJson(value) : value

const columnOf = <Value>(
  { name, values }: ComparedRow<Value>,
  kind: string,
  taken: ReadonlySet<string>,
  field: (value: Value) => CsvField,
): readonly CsvField[] => [
  taken.has(name) ? `${kind} ${name}` : name,
  ...values.map((value) => (value === undefined ? undefined : field(value))),
]

/** Columns in which the runs differ, or all of them; always what a run is told apart by. */
export const comparisonCsv = ({ runs, parameters, results, files }: Comparison, all: boolean): string => {
  const facts = runs.map(factsOf)
  const shown = <Value>(rows: readonly ComparedRow<Value>[]) => rows.filter(({ differs }) => all || differs)
  const taken = new Set(Object.keys(facts[0] ?? {}))
  const columns = [
    ...[...taken].map((name): readonly CsvField[] => [name, ...facts.map((fact) => fact[name])]),
    ...shown(parameters).map((row) => columnOf(row, "parameter", taken, parameterField)),
    ...shown(results).map((row) => columnOf(row, "result", taken, (value) => value)),
    ...shown(files).map((row) => columnOf(row, "file", taken, ({ sha256 }) => sha256)),
  ]
  return csvTable(columns[0]!.map((_, line) => columns.map((column) => column[line])))
}
