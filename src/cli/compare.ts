/** `loom compare`: what differs between runs, in what they were given and in what they came to. */
import { Effect } from "effect"
import { compareRuns } from "../tools/run-comparison/comparison.ts"
import type { CliFailure } from "./cli-failure.ts"
import { findCompared } from "./find-runs.ts"
import { withKeptCache } from "./project.ts"
import { comparisonCells } from "./reporters/comparison-cells.ts"
import { textTable } from "./reporters/text-table.ts"
import { style, wantsColor } from "./reporters/words.ts"

export interface CompareInput {
  readonly runs: readonly string[]
  readonly all: boolean
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const compared = Effect.fnUntraced(function* ({ runs: wanted, all, noColor }: CompareInput) {
  const { runs } = yield* findCompared(wanted)
  const comparison = yield* compareRuns(runs)
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  return textTable(comparisonCells(comparison, all), width, style(wantsColor(process.stdout, noColor)))
})

export const compare = Effect.fn("loom compare")(function* (input: CompareInput): Effect.fn.Return<void, CliFailure> {
  process.stdout.write(yield* withKeptCache(input.cache, compared(input)))
})
