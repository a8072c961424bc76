/**
 * Runs a pipeline. Read from top to bottom it is the story of a run.
 *
 *  1. Survey the graph: read the sources, work out the keys, look up what is kept.
 *  2. Refuse to start when anything is wrong, and say all of it.
 *  3. Give every stage a fibre. What is kept settles at once; the others wait for what they read from, then for cores.
 *  4. A failure, or a wish to stop, halts the run: nothing new starts, what runs may finish, and what depends on the failed is cancelled.
 *  5. Report. What was finished is in the cache, whichever way the run ended.
 *
 * An interruption ends everything at once; results are published whole, so there is nothing to clean up.
 */
import { Cause, Clock, Effect, Exit } from "effect"
import type { PipelineGraph, StageProblem } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import { Events, type RunOutcome } from "../model/events.ts"
import { type Plan, planOf } from "../plan/plan.ts"
import { survey } from "../plan/survey.ts"
import { type RunId, Store } from "../storage/store.ts"
import type { RunOptions } from "./run-options.ts"
import { RunFailure, type RunReport, RunStopped } from "./run-outcome.ts"
import { runStage } from "./run-stage.ts"
import { makeRunState, type RunState } from "./run-state.ts"

/** Runs what the results need and the cache does not have. */
export const runPipeline = Effect.fn("runPipeline")(function* (graph: PipelineGraph, options: RunOptions) {
  const { report } = yield* runGraph(graph, options)
  return report
})

/** The same with the run's state: what is known of every stage's output. */
export const runGraph = Effect.fnUntraced(function* (graph: PipelineGraph, options: RunOptions) {
  const startedAtMs = yield* Clock.currentTimeMillis
  let run: RunState | undefined
  const story = Effect.gen(function* () {
    const found = yield* survey(graph, options)
    const plan = yield* planOf(found)
    yield* tellCaution(yield* Store)
    yield* tellWarnings(found.problems)
    yield* refuseProblems(graph, found.problems)
    return yield* recorded(graph, options, (runId) =>
      Effect.gen(function* () {
        run = yield* makeRunState(runId, found, plan, options)
        yield* tellPlan(runId, plan)
        yield* runStages(run)
        return yield* ended(run, startedAtMs)
      }),
    )
  })
  return yield* Effect.scoped(story).pipe(Effect.onExit((exit) => tellEnd(run, outcomeOf(exit), startedAtMs)))
})

/** The run's row is begun, and finished however the work ends. Of a run that failed the row is the lesser loss. */
const recorded = <A, E, R>(
  { pipeline, params, defaults }: PipelineGraph,
  { file, loom }: RunOptions,
  work: (runId: RunId) => Effect.Effect<A, E, R>,
) =>
  Effect.gen(function* () {
    const store = yield* Store
    return yield* Effect.acquireUseRelease(
      store.beginRun({ pipeline, parameters: params, defaults, file, loom }),
      work,
      (runId, exit) => {
        const finish = store.finishRun(runId, outcomeOf(exit))
        return Exit.isSuccess(exit) ? finish : Effect.ignore(finish)
      },
    )
  })

const runStages = (run: RunState) =>
  Effect.forEach(run.survey.graph.stages, (instance) => runStage(run, instance), {
    concurrency: "unbounded",
    discard: true,
  })

const ended = Effect.fnUntraced(function* (run: RunState, startedAtMs: number) {
  const { pipeline, failures, stopped, notStarted } = run
  const report = reportOf(run, (yield* Clock.currentTimeMillis) - startedAtMs)
  const isStopped = stopped.length + notStarted.length > 0
  if (failures.length > 0) {
    const kind = failures.every(({ failure }) => failure.kind === "input") ? "input" : "work"
    return yield* new RunFailure({ pipeline, kind, problems: [], failures, report })
  }
  if (isStopped) return yield* new RunStopped({ pipeline, stopped, notStarted, report })
  return { run, report }
})

const refuseProblems = (graph: PipelineGraph, problems: readonly StageProblem[]) =>
  problems.some(({ severity }) => severity === "error")
    ? Effect.fail(new RunFailure({ pipeline: graph.pipeline, kind: "input", problems, failures: [] }))
    : Effect.void

const tellCaution = Effect.fnUntraced(function* ({ folder, caution }: Store["Service"]) {
  const events = yield* Events
  if (caution === undefined) return
  const { why: message, hint } = caution
  yield* events.publish({ type: "warning", label: "cache", field: folder, message, hint })
})

const tellWarnings = Effect.fnUntraced(function* (problems: readonly StageProblem[]) {
  const events = yield* Events
  for (const { label, field, why, hint, severity } of problems) {
    if (severity === "warning") yield* events.publish({ type: "warning", label, field, message: why, hint })
  }
})

const tellPlan = Effect.fnUntraced(function* (runId: RunId, plan: Plan) {
  const events = yield* Events
  yield* events.publish({ type: "run-started", pipeline: plan.pipeline, runId, stages: plan.stages.length })
  for (const { label, state, reason: sentence, changes, items } of plan.stages) {
    const counts = items === undefined ? {} : { items }
    yield* events.publish({ type: "stage-planned", label, state, reason: { sentence, changes }, ...counts })
  }
})

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): RunOutcome => {
  if (Exit.isSuccess(exit)) return "finished"
  if (Cause.hasInterruptsOnly(exit.cause)) return "interrupted"
  return Cause.squash(exit.cause) instanceof RunStopped ? "stopped" : "failed"
}

const tellEnd = Effect.fnUntraced(function* (run: RunState | undefined, outcome: RunOutcome, startedAtMs: number) {
  const events = yield* Events
  const elapsedMs = (yield* Clock.currentTimeMillis) - startedAtMs
  const states = [...(run?.outcomes.values() ?? [])].map(({ state }) => state)
  const ran = states.filter((state) => state === "ran").length
  const restored = states.filter((state) => state === "restored").length
  yield* events.publish({ type: "run-finished", outcome, elapsedMs, ran, restored })
})

const reportOf = (run: RunState, elapsedMs: number): RunReport => {
  const { graph } = run.survey
  const results = Object.entries(graph.results).flatMap(([name, label]) => {
    const outlook = run.outlooks.get(label)
    return outlook?.kind === "known" ? [[name, outlook.value.json] as const] : []
  })
  return {
    runId: run.runId,
    pipeline: run.pipeline,
    elapsedMs,
    stages: graph.stages.flatMap(({ label }) => run.outcomes.get(label) ?? []),
    artifacts: run.artifacts,
    results: Object.fromEntries(results) as Readonly<Record<string, Json>>,
  }
}
