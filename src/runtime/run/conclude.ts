/** The end of a stage, whichever it is: an event, a line in the run's records, and a place in the report. */
import { Effect } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import { Events, type FailureReport, type ItemCounts } from "../model/events.ts"
import type { StageFailure, StageStopped } from "../model/stage-failure.ts"
import type { Identified } from "../plan/stage-key.ts"
import { Cache } from "../storage/cache.ts"
import { Store } from "../storage/store.ts"
import type { HaltReason } from "./halt.ts"
import { type Ending, endNewWork, type RunState } from "./run-state.ts"
import { stageDetail, stageDetailJson } from "./stage-detail.ts"

type Origin = { readonly madeAtMs: number; readonly tookMs: number }

/** Files how a stage ended; `origin` when its result was kept. */
export const conclude = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  ending: Ending,
  origin?: Origin,
) {
  const events = yield* Events
  const store = yield* Store
  const { label, node } = instance
  const { state, reason, elapsedMs, items, value } = ending
  const counts = items === undefined ? {} : { items }
  run.outcomes.set(label, { label, stage: node.name, state, reason, elapsedMs, ...counts })
  if (state === "source") yield* events.publish({ type: "source-read", label })
  if (state === "restored") yield* events.publish({ type: "stage-restored", label, ...origin!, ...counts })
  if (state === "ran") yield* events.publish({ type: "stage-finished", label, elapsedMs, ...counts })
  yield* store.recordStage(run.runId, {
    label,
    stage: node.name,
    state: state === "cancelled" ? "skipped" : state,
    reason,
    key: ending.key ?? run.plan.get(label)!.keys[0]?.key ?? null,
    elapsedMs,
    detail: stageDetailJson(stageDetail(state === "source", items, value)),
  })
})

/** A stage that never began. */
export const cancel = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  why: { readonly because: "upstream"; readonly upstream: string } | { readonly because: HaltReason },
) {
  const events = yield* Events
  const { label } = instance
  if (why.because === "stop-requested") run.notStarted.push(label)
  yield* events.publish({ type: "stage-cancelled", label, ...why })
  const reason = why.because === "upstream" ? `${why.upstream} gave no result` : sayHalt[why.because]
  yield* conclude(run, instance, { state: "cancelled", reason, elapsedMs: 0 })
  return undefined
})

const sayHalt: Readonly<Record<HaltReason, string>> = {
  "stop-requested": "the run was asked to stop",
  "run-failed": "another stage failed",
}

/** A stage, or one item of it, that failed: told, recorded and never served. Whether the run goes on is decided elsewhere. */
export const noteFailure = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  at: { readonly item?: string; readonly identified: Identified } | undefined,
  failure: StageFailure,
) {
  const events = yield* Events
  const cache = yield* Cache
  const { label, speaker, node } = instance
  const item = at?.item === undefined ? {} : { item: at.item }
  const { detail: _, ...error } = failureReport(failure)
  if (at !== undefined) {
    const place = { pipeline: run.pipeline, label, ...item }
    yield* cache.recordFailure({ ...place, key: at.identified.key, stage: node.name, error })
  }
  run.failures.push({ label, speaker, ...item, failure })
  yield* events.publish({ type: "stage-failed", label, ...item, failure: failureReport(failure) })
})

export const fail = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  identified: Identified | undefined,
  failure: StageFailure,
) {
  yield* noteFailure(run, instance, identified && { identified }, failure)
  yield* endNewWork(run)
  const key = identified === undefined ? {} : { key: identified.key }
  yield* conclude(run, instance, { state: "failed", reason: failure.message, elapsedMs: 0, ...key })
  return undefined
})

/** A stage that saved its work and ended on request. */
export const stopped = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  { done, of, unit, hint }: Pick<StageStopped, "done" | "of" | "unit" | "hint">,
  items?: ItemCounts,
) {
  const events = yield* Events
  const { label } = instance
  run.stopped.push({ label, done, of, unit, hint })
  yield* events.publish({ type: "stage-stopped", label, done, of, unit, hint })
  const reason = `stopped after ${done} of ${of} ${unit}`
  yield* conclude(run, instance, { state: "stopped", reason, elapsedMs: 0, ...(items === undefined ? {} : { items }) })
  return undefined
})

export const failureReport = (failure: StageFailure): FailureReport & { readonly [member: string]: Json } => {
  const { what, where, why, hint, kind, cause } = failure
  const detail =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? undefined : String(cause)
  return { what, where, why, hint, kind, ...(detail === undefined ? {} : { detail }) }
}
