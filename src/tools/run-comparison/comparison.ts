/**
 * Runs side by side: row by row what each was given and what it came to, and whether they differ in it.
 *
 * A row has a value for each run; undefined where the run has none, which is a difference too where others have one.
 */
import { Effect } from "effect"
import { canonicalJson, type Json } from "../../runtime/model/canonical-json.ts"
import type { ArtifactRecord, Run } from "../../runtime/storage/store.ts"
import { type KeptRun, keptRun } from "./kept-run.ts"

export interface ComparedRow<out Value> {
  readonly name: string
  /** In the order of the runs. */
  readonly values: readonly (Value | undefined)[]
  readonly differs: boolean
}

export interface Comparison {
  readonly runs: readonly Run[]
  readonly parameters: readonly ComparedRow<Json>[]
  readonly results: readonly ComparedRow<number>[]
  /** Finished files, by their path in the output folder. */
  readonly files: readonly ComparedRow<ArtifactRecord>[]
}

/** NaN equals itself here: it is what both came to. */
const numberText = (value: number): string => String(value)

const rowsOf = <Value>(
  columns: readonly ReadonlyMap<string, Value>[],
  text: (value: Value) => string,
): readonly ComparedRow<Value>[] => {
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))]
  return names.map((name) => {
    const values = columns.map((column) => column.get(name))
    const texts = new Set(values.map((value) => (value === undefined ? undefined : text(value))))
    return { name, values, differs: texts.size > 1 }
  })
}

/** What lies inside of one record stays together. */
const byName = <Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => (a.name < b.name ? -1 : 1))

const comparisonOf = (kept: readonly KeptRun[]): Comparison => ({
  runs: kept.map(({ run }) => run),
  parameters: byName(
    rowsOf(
      kept.map(({ parameters }) => parameters),
      canonicalJson,
    ),
  ),
  results: rowsOf(
    kept.map(({ results }) => results),
    numberText,
  ),
  files: rowsOf(
    kept.map(({ files }) => files),
    ({ sha256 }) => sha256,
  ),
})

export const compareRuns = Effect.fn("compareRuns")(function* (runs: readonly Run[]) {
  return comparisonOf(yield* Effect.forEach(runs, keptRun))
})
