/** `loom compare`: what differs between runs, in what they were given and in what they came to. */
import { Effect } from "effect"
import { type Comparison, compareRuns } from "../tools/run-comparison/comparison.ts"
import { comparisonCsv } from "../tools/run-comparison/comparison-csv.ts"
import { markdownList, markdownTable } from "../tools/tables/markdown-table.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { findCompared } from "./loading/find-runs.ts"
import { withKeptCache } from "./loading/project.ts"
import { comparisonCells } from "./reporters/comparison-cells.ts"
import { comparisonJson } from "./reporters/comparison-json.ts"
import { comparisonLines } from "./reporters/comparison-lines.ts"
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

const compared = Effect.fnUntraced(function* (input: CompareInput) {
  const { runs } = yield* findCompared(input.runs)
  return shown(yield* compareRuns(runs), input)
})

export const compare = Effect.fn("loom compare")(function* (input: CompareInput): Effect.fn.Return<void, CliFailure> {
  const asked = forms.filter((form) => input[form]).map((form) => `--${form}`)
  if (asked.length > 1) {
    const why = `it can be shown in one form, and ${asked.length} are asked for`
    return yield* CliFailure.one(2, { where: asked.join(" "), why, hint: "Give one of them" })
  }
  process.stdout.write(yield* withKeptCache(input.cache, compared(input)))
})
