/**
 * What the fibres of one run share: the survey and plan it started from, what is known by now, the core budget, and the
 * lists of what has gone wrong. Each stage settles once, with a value or without; those that read from it wait for that.
 */
import { availableParallelism } from "node:os"
import { Deferred, Effect, Semaphore } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import type { ItemCounts } from "../model/events.ts"
import type { Key } from "../model/fingerprint.ts"
import type { Known } from "../model/known-value.ts"
import { makeStopSignal, type StopSignal } from "../model/stop-signal.ts"
import type { Outlook } from "../plan/assessment.ts"
import type { Plan, PlannedStage } from "../plan/plan.ts"
import type { Survey } from "../plan/survey.ts"
import type { RunId } from "../storage/store.ts"
import { type ArtifactWriter, makeArtifactWriter } from "./artifacts.ts"
import { type Halt, makeHalt } from "./halt.ts"
import type { RunOptions } from "./run-options.ts"
import type { FailureAt, PlacedArtifact, StageOutcome, StoppedStage } from "./run-outcome.ts"
import { makeStageServices, type StageServices } from "./stage-services.ts"

export interface RunState {
  readonly pipeline: string
  readonly runId: RunId
  readonly survey: Survey
  readonly plan: ReadonlyMap<string, PlannedStage>
  readonly stop: StopSignal
  readonly halt: Halt
  readonly keepGoing: boolean
  readonly cores: number
  readonly waypoints: NonNullable<RunOptions["waypoints"]>
  readonly budget: Semaphore.Semaphore
  readonly services: StageServices
  /** Undefined where no files are wanted. */
  readonly artifactWriter: ArtifactWriter | undefined
  readonly settled: ReadonlyMap<string, Deferred.Deferred<Known | undefined>>
  /** Grows as stages settle. */
  readonly outlooks: Map<string, Outlook>
  readonly outcomes: Map<string, StageOutcome>
  readonly failures: FailureAt[]
  readonly stopped: StoppedStage[]
  readonly notStarted: string[]
  readonly artifacts: PlacedArtifact[]
}

export const makeRunState = Effect.fnUntraced(function* (
  runId: RunId,
  survey: Survey,
  plan: Plan,
  options: RunOptions,
) {
  const stop = options.stop ?? makeStopSignal()
  const cores = Math.max(1, options.cores ?? availableParallelism())
  const state: RunState = {
    pipeline: survey.graph.pipeline,
    runId,
    survey,
    plan: new Map(plan.stages.map((stage) => [stage.label, stage])),
    stop,
    halt: yield* makeHalt(stop),
    keepGoing: options.onFailure === "keep-going",
    cores,
    waypoints: options.waypoints ?? new Map(),
    budget: yield* Semaphore.make(cores),
    services: yield* makeStageServices,
    artifactWriter: options.outputFolder === null ? undefined : yield* makeArtifactWriter(options.outputFolder),
    settled: new Map(survey.graph.stages.map(({ label }) => [label, Deferred.makeUnsafe()])),
    outlooks: new Map(),
    outcomes: new Map(),
    failures: [],
    stopped: [],
    notStarted: [],
    artifacts: [],
  }
  return state
})

/** Waits for everything a stage reads from; gives the label of the first that ended without a value, if one did. */
export const awaitInputs = Effect.fnUntraced(function* (run: RunState, instance: StageInstance) {
  let missing: string | undefined
  for (const label of Object.values(instance.inputs)) {
    const value = yield* Deferred.await(run.settled.get(label)!)
    if (value === undefined) missing ??= label
  }
  return missing
})

export const settle = (run: RunState, label: string, value: Known | undefined): Effect.Effect<void> => {
  if (value !== undefined) run.outlooks.set(label, { kind: "known", value })
  return Effect.asVoid(Deferred.succeed(run.settled.get(label)!, value))
}

/** After a failure nothing new begins, unless the run was told to go on. */
export const endNewWork = (run: RunState): Effect.Effect<void> => (run.keepGoing ? Effect.void : run.halt.failed)

export interface Ending {
  readonly state: StageOutcome["state"]
  readonly reason: string
  readonly elapsedMs: number
  readonly items?: ItemCounts
  /** Where it was not known when planning; of an item stage that of its first item. */
  readonly key?: Key
  readonly value?: Known
}
