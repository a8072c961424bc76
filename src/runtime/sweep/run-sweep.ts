/**
 * Runs a sweep. Read from top to bottom it is the story of one.
 *
 *  1. Look through the sweep, and refuse it when anything is wrong.
 *  2. Refuse it too when nothing could run: when the pipeline is wrong at every point that would be tried first.
 *  3. Foresee what there is to do.
 *  4. Measure trials until nothing is left to decide; everything is written into the journal.
 *  5. Rank what was found.
 *  6. Run the best trials whole, for their pictures and files.
 *
 * Asked to stop, it gives what there is, and the same call goes on from there.
 */
import { Cause, Clock, Effect, Exit, Result } from "effect"
import { distinctProblems, type StageProblem } from "../define/pipeline-graph.ts"
import type { RunEvent, RunOutcome } from "../model/events.ts"
import { makeStopSignal } from "../model/stop-signal.ts"
import { sourceReadings } from "../plan/source-readings.ts"
import { survey } from "../plan/survey.ts"
import { RunFailure } from "../run/run-outcome.ts"
import type { JournalOf } from "../storage/sweep-journal.ts"
import { jobsByHand } from "./by-hand.ts"
import { deciding } from "./deciding.ts"
import { type ForeseenSweep, foreseeSweep } from "./foresee-sweep.ts"
import { type MeasuredSweep, measureSweep, type SweepRunOptions } from "./measure-sweep.ts"
import { type PreparedSweep, prepareSweep, refuse } from "./prepared-sweep.ts"
import { type RankedTrial, rankedTrials } from "./ranked-trials.ts"
import { type ShownTrial, shownTrial, type UnshownTrial } from "./shown-trials.ts"
import type { Sweep } from "./sweep.ts"
import { sweepDecisions } from "./sweep-decisions.ts"
import { journalOf } from "./sweep-identity.ts"
import { wrong } from "./sweep-problems.ts"
import { measuredGraph } from "./trial-graph.ts"

export interface WholeSweepOptions extends SweepRunOptions {
  /** For finished files: the sweep has a folder in it, and each trial that is run whole one in that. */
  readonly output: string
  /** Other values for parameters that are not searched. */
  readonly set?: Readonly<Record<string, unknown>>
  /** What a step takes here; undefined: nobody knows. */
  readonly stepMs?: number | undefined
}

export interface SweepOutcome extends MeasuredSweep {
  readonly sweep: PreparedSweep
  readonly journal: JournalOf
  /** In the order of their numbers. */
  readonly trials: readonly RankedTrial[]
  /** Best first. */
  readonly shown: readonly (ShownTrial | UnshownTrial)[]
}

/** Fails with a `RunFailure` when the sweep is wrong or no trial has a result, with a `StorageFailure` when the cache cannot be used. */
export const runSweep = Effect.fn("runSweep")(function* (sweep: Sweep, options: WholeSweepOptions) {
  const startedAtMs = yield* Clock.currentTimeMillis
  const { onEvent = () => {} } = options
  const stop = options.stop ?? makeStopSignal()
  const around = { ...options, onEvent, stop, readings: options.readings ?? sourceReadings() }
  const story = Effect.gen(function* () {
    const prepared = yield* prepareSweep(sweep, options.set)
    yield* refuseHopeless(prepared, around)
    const { name, pipeline, trials } = prepared
    const objectives = prepared.objectives.map(({ direction, measure }) => ({ name: measure.name, direction }))
    onEvent({ type: "sweep-started", sweep: name, pipeline, trials, workers: options.workers, objectives })
    for (const { field, why, hint } of prepared.problems) {
      onEvent({ type: "sweep-warning", field, message: why, hint })
    }
    const journal = yield* journalOf(prepared, prepared.base, around)
    const foreseen = yield* foreseeSweep(prepared, around)
    onEvent({ type: "sweep-planned", ...plannedOf(foreseen, options.stepMs) })
    const found = yield* measureSweep(prepared, journal, { ...around, known: foreseen.known })
    const extra = yield* jobsByHand(prepared, journal, found, around)
    const ranked = rankedTrials(prepared, found.decided, found.jobs, extra)
    if (found.isOver) yield* refuseResultless(prepared, ranked)
    const shown = found.isOver ? yield* showBest(prepared, ranked, around) : []
    return { ...found, isOver: found.isOver && !stop.requested(), sweep: prepared, journal, trials: ranked, shown }
  })
  return yield* story.pipe(
    Effect.onExit((exit) =>
      Effect.map(Clock.currentTimeMillis, (nowMs) =>
        onEvent({
          type: "sweep-finished",
          outcome: outcomeOf(exit),
          elapsedMs: nowMs - startedAtMs,
          sweep: sweep.name,
        }),
      ),
    ),
  )
})

/** What is foreseen, in numbers. */
export const plannedOf = (
  { trials, asked, needed, toTrain, isEstimate }: ForeseenSweep,
  stepMs: number | undefined,
) => ({
  ...{ trials: trials.length, known: trials.filter(({ isKnown }) => isKnown).length },
  ...{ stepsAsked: asked, stepsNeeded: needed, stepsToTrain: toTrain, isEstimate },
  estimatedMs: stepMs === undefined ? null : Math.round(stepMs * toTrain),
})

const outcomeOf = (exit: Exit.Exit<SweepOutcome, unknown>): RunOutcome => {
  if (Exit.isSuccess(exit)) return exit.value.isOver ? "finished" : "stopped"
  return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"
}

type Around = Pick<WholeSweepOptions, "root"> & { readonly readings: NonNullable<WholeSweepOptions["readings"]> }

/** One good point is enough to begin; at others the trials fail, each with its own words. */
const refuseHopeless = Effect.fnUntraced(function* (sweep: PreparedSweep, around: Around) {
  const decisions = yield* deciding(sweep, () => sweepDecisions(sweep))
  const problems: StageProblem[] = []
  for (const job of decisions.open()) {
    const wired = yield* measuredGraph(sweep, job, sweep.repeats[0])
    const found = Result.isFailure(wired)
      ? [{ label: sweep.name, ...wrong("space", wired.failure, "Correct the pipeline or the space") }]
      : (yield* survey(wired.success, around)).problems.filter(({ severity }) => severity === "error")
    if (found.length === 0) return
    problems.push(...found)
  }
  if (problems.length > 0) yield* refuse(sweep, distinctProblems(problems))
})

/** A sweep in which every trial failed has failed. */
const refuseResultless = (sweep: PreparedSweep, ranked: readonly RankedTrial[]) => {
  if (ranked.length === 0 || ranked.some(({ rank }) => rank !== null)) return Effect.void
  const why = ranked.map((one) => one.why ?? "it has no result")
  const problems = [...new Set(why)].slice(0, sentencesAtMost).map((sentence) => {
    const trial = ranked[why.indexOf(sentence)]!.trial
    return {
      label: sweep.name,
      ...wrong(`trial ${trial}`, sentence, "No trial has a result: correct it and run again"),
    }
  })
  return Effect.fail(new RunFailure({ pipeline: sweep.name, kind: "work", problems, failures: [] }))
}

const sentencesAtMost = 3

/** Best first; fewer, once it is asked to stop. */
const showBest = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  ranked: readonly RankedTrial[],
  { output, onEvent, ...around }: Around & WholeSweepOptions & Required<Pick<WholeSweepOptions, "onEvent" | "stop">>,
) {
  const best = ranked
    .filter(({ rank }) => rank !== null && rank <= sweep.shown)
    .sort((one, other) => one.rank! - other.rank!)
  const shown: (ShownTrial | UnshownTrial)[] = []
  for (const one of best) {
    if (around.stop.requested()) break
    onEvent({ type: "trial-shown", trial: one.trial, rank: one.rank! })
    const showing = {
      ...around,
      output,
      onEvent: (event: RunEvent) => onEvent({ type: "trial-event", trial: one.trial, event }),
    }
    const ran = yield* shownTrial(sweep, one, showing).pipe(Effect.catchTag("RunStopped", () => Effect.undefined))
    if (ran !== undefined) shown.push(ran)
  }
  return shown
})
