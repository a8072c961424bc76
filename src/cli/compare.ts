/** `loom compare`: what differs between runs, or between the trials of a sweep, in what they were given and in what they came to. */
import { Effect, Option } from "effect"
import { type Comparison, compareRuns } from "../tools/run-comparison/comparison.ts"
import { comparisonCsv } from "../tools/run-comparison/comparison-csv.ts"
import { sweepCsv } from "../tools/sweep-report/sweep-csv.ts"
import { sweepMarkdown } from "../tools/sweep-report/sweep-markdown.ts"
import type { SweepTable } from "../tools/sweep-report/sweep-table.ts"
import { keptTable } from "../tools/sweeping/kept-table.ts"
import { markdownList, markdownTable } from "../tools/tables/markdown-table.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { findCompared } from "./loading/find-runs.ts"
import { withKeptCache } from "./loading/project.ts"
import { comparisonCells } from "./reporters/comparison-cells.ts"
import { comparisonJson } from "./reporters/comparison-json.ts"
import { comparisonLines } from "./reporters/comparison-lines.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { resultTable } from "./reporters/sweep-words.ts"
import { textTable } from "./reporters/text-table.ts"
import { style, wantsColor } from "./reporters/words.ts"

export interface CompareInput {
  readonly runs: readonly string[]
  readonly all: boolean
  readonly csv: boolean
  readonly markdown: boolean
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const forms = ["json", "csv", "markdown"] as const

const shown = (comparison: Comparison, { all, json, csv, markdown, noColor }: CompareInput): string => {
  if (json) return `${comparisonJson(comparison)}\n`
  if (csv) return comparisonCsv(comparison, all)
  const cells = comparisonCells(comparison, all)
  const lines = comparisonLines(comparison)
  if (markdown) {
    const rows = cells.sections.flatMap((section) => section.rows)
    return `${markdownTable(cells.columns, rows)}${markdownList(lines)}`
  }
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  const paint = style(wantsColor(process.stdout, noColor))
  return `${textTable(cells, width, paint)}${lines.length === 0 ? "" : `\n${paint.bold("besides")}\n${lines.join("\n")}\n`}`
}

const shownSweep = (table: SweepTable, { json, csv, markdown, noColor }: CompareInput): string => {
  if (json) return `${JSON.stringify({ version: jsonVersion, type: "sweep-table", ...table })}\n`
  if (csv) return sweepCsv(table)
  if (markdown) return sweepMarkdown(table)
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  return resultTable(table, width, style(wantsColor(process.stdout, noColor)))
}

const compared = Effect.fnUntraced(function* (input: CompareInput) {
  const found = yield* findCompared(input.runs)
  if (found.kind === "runs") return shown(yield* compareRuns(found.runs), input)
  const { journal } = found.sweep
  const table = yield* keptTable(journal)
  if (Option.isSome(table)) return shownSweep(table.value, input)
  const hint = "Run it, or look at what it did with loom log"
  return yield* CliFailure.one(2, { where: journal.sweep, why: "the sweep has no table: it has not ended yet", hint })
})

export const compare = Effect.fn("loom compare")(function* (input: CompareInput): Effect.fn.Return<void, CliFailure> {
  const asked = forms.filter((form) => input[form]).map((form) => `--${form}`)
  if (asked.length > 1) {
    const why = `it can be shown in one form, and ${asked.length} are asked for`
    return yield* CliFailure.one(2, { where: asked.join(" "), why, hint: "Give one of them" })
  }
  results.write(yield* withKeptCache(input.cache, compared(input)))
})
