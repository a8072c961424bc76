/**
 * Measures the trials of a sweep: decides, measures, settles, until nothing is left to decide.
 *
 * Jobs are begun in the order in which they were decided, as many at once as there are workers. What is decided next hangs on results
 * alone, so neither the workers nor an interruption show in what is found. Everything that is decided and found is written down.
 */
import { Effect, Exit, Option, Queue } from "effect"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import { makeStopSignal, type StopSignal } from "../model/stop-signal.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { type SourceReadings, sourceReadings } from "../plan/source-readings.ts"
import { RunStopped } from "../run/run-outcome.ts"
import type { Decisions } from "../search/decisions.ts"
import type { Job, JobResult } from "../search/job.ts"
import { type JournalOf, SweepJournals } from "../storage/sweep-journal.ts"
import { deciding } from "./deciding.ts"
import { foreseenWaypoints } from "./foreseen-waypoints.ts"
import { type KnownMeasurements, type Measurement, measuredTrial, type TrialSurroundings } from "./measured-trial.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { type JobSteps, type SweepSteps, sweepSteps } from "./shared-steps.ts"
import { sweepDecisions } from "./sweep-decisions.ts"
import type { SweepEvent } from "./sweep-events.ts"

export interface SweepRunOptions {
  /** The folder of the sweep's file. */
  readonly root: string
  /** Cores of all trials together. */
  readonly cores: number
  /** Trials at once. */
  readonly workers: number
  readonly stop?: StopSignal
  readonly readings?: SourceReadings
  readonly known?: KnownMeasurements
  /** For the record of runs. */
  readonly file?: string | undefined
  readonly loom?: string | undefined
  readonly onEvent?: (event: SweepEvent) => void
}

/** A job and what came of it. */
export interface MeasuredJob extends JobSteps {
  readonly job: Job
  /** Of each repeat, in the order of the seeds. */
  readonly repeats: readonly Measurement[]
}

export interface MeasuredSweep {
  /** All that were decided, in this order. */
  readonly decided: readonly Job[]
  /** Those that were measured. */
  readonly jobs: readonly MeasuredJob[]
  /** Otherwise it was stopped. */
  readonly isOver: boolean
}

interface Measuring {
  readonly sweep: PreparedSweep
  readonly journal: JournalOf
  readonly workers: number
  readonly around: Omit<TrialSurroundings, "onEvent">
  readonly onEvent: (event: SweepEvent) => void
  readonly decisions: Decisions
  readonly steps: SweepSteps
  /** By decision. */
  readonly counted: Map<number, JobSteps>
  readonly measured: Map<number, MeasuredJob>
  readonly running: Set<number>
  readonly done: Queue.Queue<JobEnd>
}

interface JobEnd {
  readonly job: Job
  readonly exit: Exit.Exit<readonly Measurement[], RunStopped | StorageFailure>
}

/**
 * Fails where nothing can go on: with a `RunFailure` when nothing can be decided, with a `StorageFailure` when the cache cannot be used.
 * Asked to stop, it lets what runs finish its step and save, and gives what there is.
 */
export const measureSweep = Effect.fn("measureSweep")(function* (
  sweep: PreparedSweep,
  journal: JournalOf,
  options: SweepRunOptions,
) {
  const run = yield* begun(sweep, journal, options)
  const { decisions, running, done } = run
  yield* noteDecided(run)
  while (!decisions.isOver()) {
    yield* beginNext(run)
    if (running.size === 0) break
    const { job, exit } = yield* Queue.take(done)
    running.delete(job.decision)
    if (isStopped(exit)) continue
    // Anything else that ends a job without a measurement ends the sweep: the other jobs are interrupted with this fibre.
    yield* settle(run, job, yield* exit as Exit.Exit<readonly Measurement[], StorageFailure>)
    yield* noteDecided(run)
  }
  const decided = decisions.decided()
  const jobs = decided.flatMap(({ decision }) => run.measured.get(decision) ?? [])
  return { decided, jobs, isOver: decisions.isOver() } satisfies MeasuredSweep
})

const begun = Effect.fnUntraced(function* (sweep: PreparedSweep, journal: JournalOf, options: SweepRunOptions) {
  const { workers, cores, root, file, loom, onEvent = () => {} } = options
  const steps = sweepSteps(sweep)
  const waypoints = yield* Effect.cached(
    Effect.map(foreseenWaypoints(sweep), (foreseen) => foreseen ?? steps.tree.waypoints),
  )
  const around = {
    ...{ root, file, loom, known: options.known, cores: Math.max(1, Math.floor(cores / workers)) },
    stop: options.stop ?? makeStopSignal(),
    readings: options.readings ?? sourceReadings(),
    waypoints,
  }
  const decisions = yield* deciding(sweep, () => sweepDecisions(sweep))
  return {
    ...{ sweep, journal, workers, around, onEvent, decisions, steps },
    counted: new Map(),
    measured: new Map(),
    running: new Set(),
    done: yield* Queue.unbounded<JobEnd>(),
  } satisfies Measuring as Measuring
})

const isStopped = (exit: JobEnd["exit"]): boolean =>
  Exit.isFailure(exit) && Option.getOrUndefined(Exit.findErrorOption(exit)) instanceof RunStopped

const note = Effect.fnUntraced(function* ({ journal, onEvent }: Measuring, kind: string, place: string, entry: Json) {
  const before = yield* (yield* SweepJournals).note(journal, kind, place, entry)
  if (Option.isNone(before)) return
  onEvent({
    ...{ type: "journal-differs", what: `${kind} ${place}` },
    ...{ before: canonicalJson(before.value), now: canonicalJson(entry) },
  })
})

/** Counts, writes down and tells what was decided since the last time. */
const noteDecided = Effect.fnUntraced(function* (run: Measuring) {
  const { sweep, decisions, counted, steps, onEvent } = run
  for (const job of decisions.decided().slice(counted.size)) {
    const { trial, rung, untilStep, point, decision, visible } = job
    const shared = yield* steps.add(job)
    counted.set(decision, shared)
    const values = sweep.space.shownOf(point)
    const entry = { decision, trial, rung, untilStep, visible, point: { ...point }, values: { ...values } }
    yield* note(run, "decided", String(decision), entry)
    onEvent({ type: "trial-decided", trial, values, rung, untilStep, ...shared })
  }
})

const beginNext = Effect.fnUntraced(function* (run: Measuring) {
  const { decisions, running, workers, around, onEvent } = run
  for (const job of decisions.open()) {
    if (running.size >= workers || around.stop.requested()) return
    if (running.has(job.decision)) continue
    running.add(job.decision)
    onEvent({ type: "trial-started", trial: job.trial, rung: job.rung })
    yield* Effect.forkChild(measuring(run, job))
  }
})

const measuring = ({ sweep, around, onEvent, done }: Measuring, job: Job) =>
  Effect.forEach(sweep.repeats, (repeat) =>
    measuredTrial(sweep, job, repeat, {
      ...around,
      onEvent: (event) => onEvent({ type: "trial-event", trial: job.trial, event }),
    }),
  ).pipe(
    Effect.exit,
    Effect.flatMap((exit) => Queue.offer(done, { job, exit })),
  )

const settle = Effect.fnUntraced(function* (run: Measuring, job: Job, repeats: readonly Measurement[]) {
  const { sweep, decisions, counted, measured, onEvent } = run
  const { decision, trial, rung } = job
  const shared = counted.get(decision)!
  measured.set(decision, { job, repeats, ...shared })
  const values = meansOf(repeats)
  if (Array.isArray(values)) {
    const restored = repeats.every((one) => one.run === null)
    onEvent({ type: "trial-measured", trial, rung, values: values as readonly number[], restored })
    yield* note(run, "result", String(decision), { kind: "measured", values })
  } else {
    onEvent({ type: "trial-failed", trial, rung, why: values as string })
    yield* note(run, "result", String(decision), { kind: "failed", why: values as string })
  }
  for (const [place, { run: number }] of repeats.entries()) {
    // What is restored was run by somebody before: that stays written down.
    if (number !== null) yield* note(run, "run", `${decision}.${place}`, { run: number })
  }
  yield* deciding(sweep, () => decisions.settle(decision, resultOf(sweep, values)))
})

/** Means over the repeats, by objective; why there are none. */
export const meansOf = (repeats: readonly Measurement[]): readonly number[] | string => {
  const values: (readonly number[])[] = []
  for (const one of repeats) {
    if (one.kind === "failed") return one.why
    values.push(one.values)
  }
  return values[0]!.map((_, place) => values.reduce((sum, each) => sum + each[place]!, 0) / values.length)
}

/** What is decided by: the first objective, negated where it is to become large. */
export const resultOf = ({ objectives }: PreparedSweep, means: readonly number[] | string): JobResult => {
  if (typeof means === "string") return { kind: "failed", why: means }
  return { kind: "value", value: objectives[0].direction === "minimise" ? means[0]! : -means[0]! }
}
