/**
 * One stage's way through a run: restored at once, or wait for its inputs, then work, then artifacts, then settle.
 *
 * Every stage gets a fibre and every fibre ends by settling its stage, with a value or without, so nobody waits for ever.
 */
import { Effect, Result } from "effect"
import type { StageInstance, StageProblem } from "../define/pipeline-graph.ts"
import { Events } from "../model/events.ts"
import type { Known } from "../model/known-value.ts"
import type { Artifact } from "../model/node.ts"
import { decodeJson } from "../model/schema-codec.ts"
import { StageFailure } from "../model/stage-failure.ts"
import { type Outlook, type Prospect, prospect } from "../plan/assessment.ts"
import { inspectInputs } from "../plan/inspect.ts"
import type { PlannedStage } from "../plan/plan.ts"
import { Cache } from "../storage/cache.ts"
import { Store } from "../storage/store.ts"
import { cancel, conclude, fail } from "./conclude.ts"
import { brokeOff } from "./obtain.ts"
import { runItems } from "./run-items.ts"
import type { PlacedArtifact } from "./run-outcome.ts"
import { awaitInputs, type RunState, settle } from "./run-state.ts"
import { runWhole } from "./run-whole.ts"

export const runStage = Effect.fnUntraced(function* (run: RunState, instance: StageInstance) {
  const planned = run.plan.get(instance.label)!
  const outlook = run.survey.outlooks.get(instance.label)
  const value = isReady(planned, outlook)
    ? yield* adoptPlanned(run, instance, planned, outlook)
    : yield* work(run, instance)
  const placed = value === undefined ? undefined : yield* placeArtifacts(run, instance, value)
  yield* settle(run, instance.label, placed)
})

const isReady = (planned: PlannedStage, outlook: Outlook | undefined): outlook is Outlook & { kind: "known" } =>
  (planned.state === "restored" || planned.state === "source") && outlook?.kind === "known"

const adoptPlanned = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  planned: PlannedStage,
  outlook: Outlook & { kind: "known" },
) {
  const cache = yield* Cache
  const place = { pipeline: run.pipeline, label: instance.label }
  const { restored, items, keys, reason } = planned
  if (restored !== undefined) {
    if (instance.node.kind === "items")
      yield* cache.noteItems(place, new Map(keys.map(({ item, key }) => [item!, key])))
    else yield* cache.noteUse(place, keys[0]!.key)
  }
  const state = restored === undefined ? "source" : "restored"
  const { value } = outlook
  const ending = { state, reason, elapsedMs: 0, value, ...(items === undefined ? {} : { items }) } as const
  yield* conclude(run, instance, ending, restored)
  return value
})

const work = Effect.fnUntraced(function* (run: RunState, instance: StageInstance) {
  const missing = yield* awaitInputs(run, instance)
  if (missing !== undefined) return yield* cancel(run, instance, { because: "upstream", upstream: missing })
  const reason = run.halt.reason()
  if (reason !== undefined) return yield* cancel(run, instance, { because: reason })
  const found = prospect(instance, run.survey.codes.get(instance.node.code)!, run.outlooks)
  const error = yield* inspectNow(run, instance, found)
  if (error !== undefined) return yield* fail(run, instance, undefined, error)
  if (found.kind === "stage") return yield* runWhole(run, instance, found)
  if (found.kind === "items") return yield* runItems(run, instance, found)
  return yield* fail(run, instance, undefined, brokeOff(instance.speaker, undefined, "its inputs are not a keyed list"))
})

/** All of its inputs, and each of its items. */
const isWholeKnown = (prospect: Prospect): boolean =>
  prospect.kind === "stage" || (prospect.kind === "items" && prospect.items.every(({ value }) => value !== undefined))

/** Inputs that were known when planning have been looked at then. */
const inspectNow = Effect.fnUntraced(function* (run: RunState, instance: StageInstance, found: Prospect) {
  const events = yield* Events
  if (isWholeKnown(run.survey.stages.get(instance.label)!.prospect)) return undefined
  const problems = inspectInputs(instance, found, run.outlooks, run.survey.views.get(instance.label)!)
  for (const { label, field, why, hint, severity } of problems) {
    if (severity === "warning") yield* events.publish({ type: "warning", label, field, message: why, hint })
  }
  const errors = problems.filter(({ severity }) => severity === "error")
  return errors.length === 0 ? undefined : refusal(instance, errors)
})

const refusal = (instance: StageInstance, errors: readonly StageProblem[]): StageFailure =>
  new StageFailure({
    what: "Its inputs cannot be used",
    where: `${instance.speaker}: ${errors.map(({ field }) => field).join(", ")}`,
    why: errors.map(({ why }) => why).join("; "),
    hint: errors[0]!.hint,
    kind: "input",
  })

/** The stage's value, once its artifacts are in place; without them it does not count as finished. */
const placeArtifacts = Effect.fnUntraced(function* (run: RunState, instance: StageInstance, value: Known) {
  const { node, label } = instance
  const writer = run.artifactWriter
  if (writer === undefined || node.kind === "source" || node.artifacts === undefined) return value
  const wanted = artifactsOf(instance, node, value)
  const placed = yield* Effect.result(
    Effect.flatMap(Effect.fromResult(wanted), (artifacts) => writer.place(label, artifacts)),
  )
  if (Result.isFailure(placed)) return yield* fail(run, instance, undefined, inWords(placed.failure))
  run.artifacts.push(...placed.success)
  yield* recordArtifacts(run, placed.success)
  return value
})

const recordArtifacts = Effect.fnUntraced(function* (run: RunState, placed: readonly PlacedArtifact[]) {
  if (placed.length === 0) return
  const records = placed.map(({ stage, label, path, sha256, sizeBytes }) => ({
    label: stage,
    what: label,
    path,
    sha256,
    sizeBytes,
  }))
  yield* (yield* Store).recordArtifacts(run.runId, records)
})

const inWords = (error: StageFailure | { what: string; where: string; why: string; hint: string }): StageFailure =>
  error instanceof StageFailure
    ? error
    : new StageFailure({ what: error.what, where: error.where, why: error.why, hint: error.hint, kind: "work" })

const artifactsOf = (
  { speaker, params }: StageInstance,
  node: Exclude<StageInstance["node"], { kind: "source" }>,
  value: Known,
): Result.Result<readonly Artifact[], StageFailure> => {
  const decoded = decodeJson(node.outputSchema, value.json)
  if (Result.isFailure(decoded)) return Result.fail(brokeOff(speaker, undefined, decoded.failure[0]!.why))
  return Result.try({
    try: () => node.artifacts!({ params, output: decoded.success as never }),
    catch: (thrown) => brokeOff(speaker, undefined, thrown),
  })
}
