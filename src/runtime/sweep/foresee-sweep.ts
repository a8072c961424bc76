/**
 * What a sweep would do, without doing any of it: its trials, the steps that they ask for, and how many are left to train.
 *
 * It is decided as in a run. Results that are kept count as they are; where there is none yet, one is made up for the trial, so what
 * halving would train is an estimate: which trials go on is not known, how many is nearly so.
 */
import { Effect, Result } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { knownWorkOf } from "../plan/known-work.ts"
import { sourceReadings } from "../plan/source-readings.ts"
import { type Survey, type SurveyOptions, survey } from "../plan/survey.ts"
import { drawsOf } from "../search/draws.ts"
import type { Job, JobResult } from "../search/job.ts"
import { deciding } from "./deciding.ts"
import { meansOf, resultOf } from "./measure-sweep.ts"
import { type KnownMeasurements, keptMeasurement, type Measurement, placeOfMeasurement } from "./measured-trial.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { sweepSteps } from "./shared-steps.ts"
import type { ShownValue } from "./space.ts"
import { type StageTree, stageTree } from "./stage-tree.ts"
import { sweepDecisions } from "./sweep-decisions.ts"
import { measuredGraph } from "./trial-graph.ts"

export interface ForeseenTrial {
  readonly trial: number
  readonly values: Readonly<Record<string, ShownValue>>
  /** Steps at the end of its last job; null where there are none to count. */
  readonly reached: number | null
  /** Everything that is decided of it is measured already. */
  readonly isKnown: boolean
  /** Why it would fail at once. */
  readonly why: string | null
}

export interface ForeseenSweep {
  readonly sweep: PreparedSweep
  readonly trials: readonly ForeseenTrial[]
  /** Of all trials trained to their ends. */
  readonly asked: number
  /** Of what is decided, shared steps counted once. */
  readonly needed: number
  /** Of these, not yet trained. */
  readonly toTrain: number
  /** How many trials go on is an estimate: results are made up. */
  readonly isEstimate: boolean
  /** What is measured already. */
  readonly known: KnownMeasurements
}

export const foreseeSweep = Effect.fn("foreseeSweep")(function* (sweep: PreparedSweep, options: SurveyOptions) {
  const around = { readings: sourceReadings(), findings: new Map(), ...options }
  const decisions = yield* deciding(sweep, () => sweepDecisions(sweep))
  const known = new Map<string, Measurement>()
  const [steps, missing] = [sweepSteps(sweep), stageTree()]
  const trials = new Map<number, ForeseenTrial>()
  let [asked, needed, toTrain, isMadeUp] = [0, 0, 0, false]
  for (let [job] = decisions.open(); job !== undefined; [job] = decisions.open()) {
    const { trial, rung, decision } = job
    const counted = yield* steps.add(job)
    asked += rung === 0 ? counted.asked : 0
    needed += counted.added
    const repeats: (Measurement | undefined)[] = []
    for (const repeat of sweep.repeats) {
      const { kept, added } = yield* lookedUp(sweep, job, repeat, missing, around)
      repeats.push(kept)
      if (kept !== undefined) known.set(placeOfMeasurement(job, repeat), kept)
      toTrain += added
    }
    const there = repeats.flatMap((one) => one ?? [])
    const means = there.length === repeats.length ? meansOf(there) : undefined
    isMadeUp ||= means === undefined
    trials.set(trial, {
      ...{ trial, values: sweep.space.shownOf(job.point), reached: counted.reached },
      isKnown: means !== undefined,
      why: typeof means === "string" ? means : null,
    })
    const result = means === undefined ? madeUp(sweep, job) : resultOf(sweep, means)
    yield* deciding(sweep, () => decisions.settle(decision, result))
  }
  const isEstimate = isMadeUp && sweep.halving !== null
  return { sweep, trials: [...trials.values()], asked, needed, toTrain, isEstimate, known } satisfies ForeseenSweep
})

const lookedUp = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  job: Job,
  repeat: number | undefined,
  missing: StageTree,
  options: SurveyOptions,
) {
  const wired = yield* measuredGraph(sweep, job, repeat)
  if (Result.isFailure(wired)) return { kept: failedAs(wired.failure), added: 0 }
  const graph = wired.success
  const found = yield* survey(graph, options)
  const kept = keptMeasurement(sweep, found)
  if (kept !== undefined) {
    if (kept.kind === "measured") missing.add(graph)
    return { kept, added: 0 }
  }
  yield* learnKnown(graph, found, missing)
  return { kept, added: missing.add(graph) }
})

const failedAs = (why: string): Measurement => ({ kind: "failed", why, run: null })

/** Steps whose snapshots are there already, whoever trained them. */
const learnKnown = Effect.fnUntraced(function* (graph: PipelineGraph, found: Survey, missing: StageTree) {
  for (const { instance, prospect, hits } of found.stages.values()) {
    if (prospect.kind !== "stage") continue
    if (hits.has(prospect.identified.key)) missing.know(graph, instance.label, Number.POSITIVE_INFINITY)
    const known = yield* knownWorkOf(instance.params, prospect.node, prospect.inputs)
    if (known !== undefined) missing.know(graph, instance.label, known.done)
  }
})

/** The same for a trial at each rung, and equally likely for all. */
const madeUp = ({ seed }: PreparedSweep, { trial }: Job): JobResult => ({
  kind: "value",
  value: drawsOf({ seed, purpose: "foreseen", trial }).uniform(),
})
