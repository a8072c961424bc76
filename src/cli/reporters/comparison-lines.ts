/** What a table has no cells for: stages that did not end well, and what differs beside parameters, a sentence each. */
import { plural } from "../../runtime/model/counted.ts"
import type { Comparison } from "../../tools/run-comparison/comparison.ts"
import type { Difference } from "../../tools/run-comparison/differences.ts"
import { printable } from "./printable.ts"
import { fromHere } from "./words.ts"

const runs = (ids: readonly number[]): string => `${ids.length === 1 ? "run" : "runs"} ${ids.join(", ")}`

const endings: Readonly<Record<Comparison["unfinished"][number]["state"], string>> = {
  failed: "failed",
  stopped: "was stopped",
}

const unfinishedLines = ({ unfinished }: Comparison): readonly string[] =>
  unfinished.map(({ run, stage, state, reason }) => `run ${run}: ${stage} ${endings[state]}: ${reason}`)

/** Stages that a run has more or less than the first one, in one sentence for all of them. */
const stageSetSentences = (ofRun: readonly Difference[]): readonly string[] => {
  const [missing, more] = [true, false].map((isMissing) =>
    ofRun.flatMap(({ run, stage, absentFrom }) =>
      absentFrom !== undefined && (absentFrom === run) === isMissing ? [stage] : [],
    ),
  )
  const stages = (names: readonly string[]): string => `the ${plural(names.length, "stage")} ${names.join(", ")}`
  return [
    ...(missing!.length === 0 ? [] : [`without ${stages(missing!)}`]),
    ...(more!.length === 0 ? [] : [`with ${stages(more!)} besides`]),
  ]
}

const sentencesOf = (ofRun: readonly Difference[]): readonly string[] => [
  ...stageSetSentences(ofRun),
  ...ofRun.flatMap(({ stage, sentences, absentFrom }) =>
    absentFrom === undefined ? [`${stage}: ${sentences.join("; ")}`] : [],
  ),
]

/** Runs that differ in the same way share a line. */
const differenceLines = ({ runs: [first, ...others], differences }: Comparison): readonly string[] => {
  const told = others.flatMap(({ id }) =>
    sentencesOf(differences.filter(({ run }) => run === id)).map((sentence) => ({ sentence, id })),
  )
  const bySentence = Map.groupBy(told, ({ sentence }) => sentence)
  return [...bySentence].map(
    ([sentence, same]) => `${runs(same.map(({ id }) => id))} against ${first!.id}: ${sentence}`,
  )
}

export const comparisonLines = (comparison: Comparison): readonly string[] =>
  [...unfinishedLines(comparison), ...differenceLines(comparison)].map((line) =>
    printable(fromHere(line)).replaceAll("\n", " "),
  )
