/** One trial of a sweep run by hand, whole: an ordinary run, of which the sweep's journal takes note. */
import { Effect } from "effect"
import { SweepJournals } from "../runtime/storage/sweep-journal.ts"
import { byHand } from "../runtime/sweep/by-hand.ts"
import type { FoundTrial } from "../runtime/sweep/find-trial.ts"
import { type GraphRunOptions, runGraph } from "./program.ts"
import { unfinishedError } from "./program-errors.ts"

/** The sweep counts it as trained to its end from then on, unless it was run with values of its own. */
export const runTrial = Effect.fn("runTrial")(function* (
  { trial, graph, journal, point }: FoundTrial,
  options: GraphRunOptions,
) {
  const report = yield* runGraph(graph, options)
  const note = (yield* SweepJournals).note(journal, byHand, String(trial), { trial, point: { ...point } })
  yield* Effect.mapError(note, unfinishedError)
  return report
})
