/** What a table has no cells for: stages that did not end well, and what differs beside parameters, a sentence each. */
import type { Comparison } from "../../tools/run-comparison/comparison.ts"
import { printable } from "./printable.ts"
import { fromHere } from "./words.ts"

const runs = (ids: readonly number[]): string => `${ids.length === 1 ? "run" : "runs"} ${ids.join(", ")}`

const endings: Readonly<Record<Comparison["unfinished"][number]["state"], string>> = {
  failed: "failed",
  stopped: "was stopped",
}

const unfinishedLines = ({ unfinished }: Comparison): readonly string[] =>
  unfinished.map(({ run, stage, state, reason }) => `run ${run}: ${stage} ${endings[state]}: ${reason}`)

/** Runs that differ in the same way share a line. */
const differenceLines = ({ differences }: Comparison): readonly string[] => {
  const ids = new Map<string, number[]>()
  for (const { run, against, stage, sentences } of differences) {
    const line = ` against ${against}: ${stage}: ${sentences.join("; ")}`
    ids.set(line, [...(ids.get(line) ?? []), run])
  }
  return [...ids].map(([line, of]) => `${runs(of)}${line}`)
}

export const comparisonLines = (comparison: Comparison): readonly string[] =>
  [...unfinishedLines(comparison), ...differenceLines(comparison)].map((line) =>
    printable(fromHere(line)).replaceAll("\n", " "),
  )
