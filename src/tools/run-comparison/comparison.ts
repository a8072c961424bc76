/**
 * Runs side by side: row by row what each was given and what it came to, and whether they differ in it.
 *
 * A row has a value for each run; undefined where the run has none, which is a difference too where others have one.
 */
import { Effect } from "effect"
import { canonicalJson, type Json } from "../../runtime/model/canonical-json.ts"
import type { ArtifactRecord, Run, RunId } from "../../runtime/storage/store.ts"
import { type Difference, differencesFrom } from "./differences.ts"
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
  /** Stages that failed or were stopped. */
  readonly unfinished: readonly UnfinishedStage[]
  /** Of every other run from the first. */
  readonly differences: readonly Difference[]
}

export interface UnfinishedStage {
  readonly run: RunId
  readonly stage: string
  readonly state: "failed" | "stopped"
  /** A sentence. */
  readonly reason: string
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

/** What lies inside of one record, or in one folder, stays together. */
const byName = <Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => (a.name < b.name ? -1 : 1))

const unfinishedIn = ({ run, stages }: KeptRun): readonly UnfinishedStage[] =>
  stages.flatMap(({ label, state, reason }) =>
    state === "failed" || state === "stopped" ? [{ run: run.id, stage: label, state, reason }] : [],
  )

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
  files: byName(
    rowsOf(
      kept.map(({ files }) => files),
      ({ sha256 }) => sha256,
    ),
  ),
  unfinished: kept.flatMap(unfinishedIn),
  differences: kept.slice(1).flatMap((run) => differencesFrom(run, kept[0]!)),
})

export const compareRuns = Effect.fn("compareRuns")(function* (runs: readonly Run[]) {
  return comparisonOf(yield* Effect.forEach(runs, keptRun))
})
