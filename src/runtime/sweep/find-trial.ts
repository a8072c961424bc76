/**
 * A trial of a sweep by its number, as a graph of its own: from the journal where it was decided, else by going through the sweep as far
 * as points do not hang on results.
 */
import { Effect } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { sourceReadings } from "../plan/source-readings.ts"
import type { SurveyOptions } from "../plan/survey.ts"
import { RunFailure } from "../run/run-outcome.ts"
import type { Point } from "../search/dimension.ts"
import { type JournalEntry, type JournalOf, SweepJournals } from "../storage/sweep-journal.ts"
import { deciding } from "./deciding.ts"
import { type PreparedSweep, prepareSweep } from "./prepared-sweep.ts"
import type { Sweep } from "./sweep.ts"
import { sweepDecisions } from "./sweep-decisions.ts"
import { journalOf } from "./sweep-identity.ts"
import { wrong } from "./sweep-problems.ts"
import { nameOfTrial } from "./trial-graph.ts"

export interface FoundTrial {
  readonly trial: number
  readonly sweep: PreparedSweep
  readonly journal: JournalOf
  readonly point: Point
  /** The whole pipeline, under the trial's name; its files say whose trial it is. */
  readonly graph: PipelineGraph
}

/** `set`: other values for any of its parameters. Fails with a `RunFailure` where there is no such trial, or none yet. */
export const findTrial = Effect.fn("findTrial")(function* (
  sweep: Sweep,
  trial: number,
  set: Readonly<Record<string, unknown>>,
  options: SurveyOptions,
) {
  const prepared = yield* prepareSweep(sweep)
  const journal = yield* journalOf(prepared, prepared.base, { readings: sourceReadings(), ...options })
  const point = yield* pointOf(prepared, journal, trial)
  const values = { ...prepared.space.valuesOf(point), ...set }
  const graph = yield* sweep.pipeline.instantiate(values, { trial: { sweep: prepared.name, trial } })
  const named = { ...graph, pipeline: nameOfTrial(prepared, trial) }
  return { trial, sweep: prepared, journal, point, graph: named } satisfies FoundTrial
})

const pointOf = Effect.fnUntraced(function* (sweep: PreparedSweep, journal: JournalOf, trial: number) {
  const { trials, searcher } = sweep
  const decided = yield* (yield* SweepJournals).entries(journal)
  const written = decided.flatMap((entry) => pointIn(entry, trial))[0]
  if (written !== undefined) return written
  if (trial < 1 || trial > trials) {
    return yield* noTrial(sweep, `there is no trial ${trial}`, `It has ${trials}, numbered from 1`)
  }
  if (searcher.adaptive) {
    const why = `trial ${trial} is not decided yet: what is tried depends on the results before`
    return yield* noTrial(sweep, why, "Run the sweep first")
  }
  const foreseen = yield* foreseenPoint(sweep, trial)
  if (foreseen !== undefined) return foreseen
  return yield* noTrial(sweep, `there is no trial ${trial}`, "The space has fewer points than that")
})

const pointIn = ({ kind, entry }: JournalEntry, trial: number): readonly Point[] => {
  const written = entry as { readonly trial?: unknown; readonly point?: unknown }
  return kind === "decided" && written.trial === trial ? [written.point as Point] : []
}

/** Points that hang on no results are the same whatever the trials come to. */
const foreseenPoint = Effect.fnUntraced(function* (sweep: PreparedSweep, trial: number) {
  const decisions = yield* deciding(sweep, () => sweepDecisions({ ...sweep, halving: null, trials: trial }))
  for (let [job] = decisions.open(); job !== undefined; [job] = decisions.open()) {
    const { decision } = job
    yield* deciding(sweep, () => decisions.settle(decision, { kind: "value", value: 0 }))
  }
  return decisions.decided().find((job) => job.trial === trial)?.point
})

const noTrial = ({ name }: PreparedSweep, why: string, hint: string) =>
  Effect.fail(
    new RunFailure({
      pipeline: name,
      kind: "input",
      failures: [],
      problems: [{ label: name, ...wrong("trial", why, hint) }],
    }),
  )
