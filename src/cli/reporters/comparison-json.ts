/** A comparison for programs: whole, and with its values by the number of their run. A run that has no value has no member. */
import type { ArtifactRecord, Run } from "../../runtime/storage/store.ts"
import type { ComparedRow, Comparison } from "../../tools/run-comparison/comparison.ts"
import { jsonVersion } from "./json-reporter.ts"

const byRun = <Value>(
  runs: readonly Run[],
  rows: readonly ComparedRow<Value>[],
  shown: (value: Value) => unknown = (value) => value,
) =>
  rows.map(({ name, differs, values }) => ({
    name,
    differs,
    values: Object.fromEntries(
      values.flatMap((value, at) => (value === undefined ? [] : [[runs[at]!.id, shown(value)] as const])),
    ),
  }))

const shownFile = ({ label, what, sha256, sizeBytes }: ArtifactRecord) => ({ stage: label, what, sha256, sizeBytes })

/** JSON has no NaN and no infinities; they are what a reader looks for, so they are written as words. */
const inJson = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value

export const comparisonJson = ({ runs, parameters, results, files, unfinished, differences }: Comparison): string =>
  JSON.stringify(
    {
      version: jsonVersion,
      type: "comparison",
      runs: runs.map(({ parameters: _parameters, defaults: _defaults, ...run }) => run),
      parameters: byRun(runs, parameters),
      results: byRun(runs, results),
      files: byRun(runs, files, shownFile),
      unfinished,
      differences,
    },
    inJson,
  )
