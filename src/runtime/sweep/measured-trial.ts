/**
 * One repeat of a job done: the part of the pipeline that the objectives are read from, at the job's point and up to its rung.
 *
 * What is kept already is read without a run; else the part is run like any pipeline, under the trial's name, and writes no files.
 * A trial that fails says why and does not end the sweep; a cache that cannot be used does.
 */
import { Effect, Result } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { Events, type RunEvent } from "../model/events.ts"
import type { Known } from "../model/known-value.ts"
import { decodeJson } from "../model/schema-codec.ts"
import type { StopSignal } from "../model/stop-signal.ts"
import { StorageFailure } from "../model/storage-failure.ts"
import type { SourceReadings } from "../plan/source-readings.ts"
import { type Survey, survey } from "../plan/survey.ts"
import { runGraph } from "../run/run.ts"
import type { RunFailure } from "../run/run-outcome.ts"
import type { RunState } from "../run/run-state.ts"
import { telling } from "../run/telling.ts"
import type { Job } from "../search/job.ts"
import type { Objective } from "./objective.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import type { StageTree } from "./stage-tree.ts"
import { measuredGraph, type Stretched } from "./trial-graph.ts"

export interface TrialSurroundings {
  readonly root: string
  readonly readings: SourceReadings
  readonly known?: KnownMeasurements | undefined
  /** For the record of runs. */
  readonly file?: string | undefined
  readonly loom?: string | undefined
  /** Cores of this trial. */
  readonly cores: number
  readonly stop: StopSignal
  /** Asked for once something has to run. */
  readonly waypoints: Effect.Effect<StageTree["waypoints"], RunFailure>
  readonly onEvent: (event: RunEvent) => void
}

/** What was found to be kept a moment ago, by `placeOfMeasurement`: it is not looked up again. */
export type KnownMeasurements = ReadonlyMap<string, Measurement>

export const placeOfMeasurement = ({ trial, untilStep }: Stretched, repeat: number | undefined): string =>
  `${trial} ${untilStep} ${repeat}`

export type Measurement =
  | {
      readonly kind: "measured"
      /** In the order of the objectives. */
      readonly values: readonly number[]
      readonly curves: readonly (readonly (readonly [step: number, value: number])[])[]
      /** Number of the run that had to be made; null: everything was kept. */
      readonly run: number | null
    }
  | { readonly kind: "failed"; readonly why: string; readonly run: number | null }

/** Fails with `RunStopped` when it was asked to stop, and with `StorageFailure` where nothing can go on. */
export const measuredTrial = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  job: Job,
  repeat: number | undefined,
  around: TrialSurroundings,
) {
  const known = around.known?.get(placeOfMeasurement(job, repeat))
  if (known !== undefined) return known
  const wired = yield* measuredGraph(sweep, job, repeat)
  if (Result.isFailure(wired)) return failed(wired.failure, null)
  const graph = wired.success
  return keptMeasurement(sweep, yield* survey(graph, around)) ?? (yield* ran(sweep, graph, around))
})

/** What is known of a trial without a run, from its survey; undefined where something has to run. */
export const keptMeasurement = ({ objectives }: PreparedSweep, found: Survey): Measurement | undefined => {
  const wrong = found.problems.find(({ severity }) => severity === "error")
  if (wrong !== undefined) return failed(`${wrong.label}: ${wrong.field}: ${wrong.why}`, null)
  const kept = outputsOf(found.graph, found.outlooks)
  return kept === undefined ? undefined : read(found.graph, objectives, kept, null)
}

const failed = (why: string, run: number | null): Measurement => ({ kind: "failed", why, run })

const ran = Effect.fnUntraced(function* (sweep: PreparedSweep, graph: PipelineGraph, around: TrialSurroundings) {
  const { waypoints, onEvent, known: _, ...options } = around
  const work = Effect.flatMap(waypoints, (waypointsOf) =>
    runGraph(graph, { ...options, outputFolder: null, waypoints: waypointsOf(graph) }),
  )
  return yield* telling(work, onEvent).pipe(
    Effect.provide(Events.layer, { local: true }),
    Effect.scoped,
    Effect.map(({ run }: { readonly run: RunState }) => {
      const outputs = outputsOf(graph, run.outlooks)
      if (outputs === undefined) return failed("it gave no result", run.runId)
      return read(graph, sweep.objectives, outputs, run.runId)
    }),
    Effect.catchTag("RunFailure", (failure) => {
      const storage = storageFailureIn(failure)
      if (storage !== undefined) return Effect.fail(storage)
      return Effect.succeed(failed(failure.message, failure.report?.runId ?? null))
    }),
  )
})

/** A disk that is full is no fault of the trial. */
export const storageFailureIn = ({ failures }: RunFailure): StorageFailure | undefined =>
  failures.map(({ failure }) => failure.cause).find((cause) => cause instanceof StorageFailure)

/** What the objectives are read from, by their places; undefined while one of them is not known. */
const outputsOf = ({ results }: PipelineGraph, outlooks: Survey["outlooks"]): readonly Known[] | undefined => {
  const outputs = Object.values(results).flatMap((label) => {
    const outlook = outlooks.get(label)
    return outlook?.kind === "known" ? [outlook.value] : []
  })
  return outputs.length === Object.keys(results).length ? outputs : undefined
}

const read = (
  graph: PipelineGraph,
  objectives: readonly Objective[],
  outputs: readonly Known[],
  run: number | null,
): Measurement => {
  const values: number[] = []
  const curves: (readonly (readonly [number, number])[])[] = []
  for (const [place, { measure }] of objectives.entries()) {
    const { node } = graph.stages.find(({ label }) => label === graph.results[String(place)])!
    const decoded = decodeJson(node.outputSchema, outputs[place]!.json)
    if (Result.isFailure(decoded)) return failed(`${measure.name}: ${decoded.failure[0]!.why}`, run)
    try {
      const value = measure.value(decoded.success as never)
      if (value === undefined || !Number.isFinite(value)) {
        return failed(`${measure.name} is ${String(value)}, and no number`, run)
      }
      values.push(value)
      curves.push(measure.curve?.(decoded.success as never) ?? [])
    } catch (thrown) {
      return failed(`reading ${measure.name} threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`, run)
    }
  }
  return { kind: "measured", values, curves, run }
}
