/**
 * Trials that halving left behind and somebody ran to their end by hand: they count as trained to there, and nothing that was decided
 * changes.
 */
import { Effect, Result } from "effect"
import { type SurveyOptions, survey } from "../plan/survey.ts"
import type { Job } from "../search/job.ts"
import { type JournalOf, SweepJournals } from "../storage/sweep-journal.ts"
import type { MeasuredJob, MeasuredSweep } from "./measure-sweep.ts"
import { keptMeasurement, type Measurement } from "./measured-trial.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { lastStepOf, sweepSteps } from "./shared-steps.ts"
import { measuredGraph } from "./trial-graph.ts"

export const byHand = "by hand"

/** The stretches that were trained by hand, as jobs beside those that were decided. */
export const jobsByHand = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  journal: JournalOf,
  { decided, jobs }: Pick<MeasuredSweep, "decided" | "jobs">,
  options: SurveyOptions,
) {
  const { halving } = sweep
  const entries = (yield* (yield* SweepJournals).entries(journal)).filter(({ kind }) => kind === byHand)
  if (halving === null || entries.length === 0) return []
  const steps = sweepSteps(sweep)
  for (const job of decided) yield* steps.add(job)
  const found: MeasuredJob[] = []
  for (const { place } of entries) {
    const last = jobs.findLast(({ job }) => job.trial === Number(place))?.job
    if (last === undefined || last.untilStep === null || last.untilStep === lastStepOf(sweep)) continue
    const whole: Job = { ...last, rung: halving.rungs.length - 1, untilStep: lastStepOf(sweep) }
    const repeats = yield* keptRepeats(sweep, whole, options)
    if (repeats !== undefined) found.push({ job: whole, repeats, ...(yield* steps.add(whole)) })
  }
  return found
})

/** undefined: it was run with values of its own, or what it gave is gone. */
const keptRepeats = Effect.fnUntraced(function* (sweep: PreparedSweep, job: Job, options: SurveyOptions) {
  const repeats: Measurement[] = []
  for (const repeat of sweep.repeats) {
    const wired = yield* measuredGraph(sweep, job, repeat)
    if (Result.isFailure(wired)) return undefined
    const kept = keptMeasurement(sweep, yield* survey(wired.success, options))
    if (kept?.kind !== "measured") return undefined
    repeats.push(kept)
  }
  return repeats
})
