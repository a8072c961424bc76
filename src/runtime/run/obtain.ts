/**
 * One result for one key: adopted when it is kept or somebody else is making it, computed otherwise.
 *
 * The lease comes before the core permits. Whoever holds permits never waits for a lease, so two stages with one key cannot block each
 * other. What a stage returns is encoded by its schema and committed; what stands in the cache afterwards is
 * the result, also when another computation was first. A throw in a stage becomes a failure in words; an interruption
 * stays one, and leaves nothing behind but blobs that no result refers to.
 */
import { Cause, Clock, Effect, Option, Result } from "effect"
import type { Json } from "../model/canonical-json.ts"
import { Events } from "../model/events.ts"
import type { AnySchema, ItemStageNode, StageEffect, StageNode } from "../model/node.ts"
import { encodeJson } from "../model/schema-codec.ts"
import { StageContext } from "../model/stage-context.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { Identified } from "../plan/stage-key.ts"
import type { BlobMissing } from "../storage/blobs.ts"
import { Cache, type CachedResult } from "../storage/cache.ts"
import { Leases } from "../storage/lease.ts"
import type { Lease } from "../storage/lease-holder.ts"
import type { RunState } from "./run-state.ts"
import { runningStageContext } from "./running-stage-context.ts"

/** A stage, or one item of a stage, whose inputs are known. */
export interface Task {
  readonly label: string
  /** Under which people are told what goes wrong. */
  readonly speaker: string
  readonly item?: string
  readonly node: StageNode | ItemStageNode
  readonly identified: Identified
  readonly schema: AnySchema
  /** Called when the cores are there and the work begins. */
  readonly onStart: Effect.Effect<void>
  readonly work: Effect.Effect<StageEffect, StageFailure>
}

export type Obtained =
  | { readonly kind: "kept"; readonly output: Json; readonly hit: CachedResult }
  | { readonly kind: "made"; readonly output: Json; readonly elapsedMs: number }

/** Nothing when the run took no new work before this could begin. */
export const obtain = Effect.fnUntraced(function* (run: RunState, task: Task) {
  const cache = yield* Cache
  const leases = yield* Leases
  const events = yield* Events
  const { key } = task.identified
  const adopt = Effect.map(cache.lookup(key), Option.map(asKept))
  const kept = yield* adopt
  if (Option.isSome(kept)) return kept
  let isUnderWay = false
  const compute = (lease: Lease) =>
    run.budget.withPermits(Math.min(run.cores, task.node.cores))(
      Effect.suspend(() => {
        isUnderWay = true
        return make(run, task, lease)
      }),
    )
  const work = leases.withLease(key, {
    adopt,
    compute,
    onWait: ({ pid, host }) =>
      events.publish({ type: "stage-waiting", ...placeOf(task), owner: `process ${pid} on ${host}` }),
  })
  return yield* run.halt.unless(work, () => isUnderWay)
})

const asKept = (hit: CachedResult): Obtained => ({ kind: "kept", output: hit.output, hit })

const placeOf = ({ label, item }: Task) => (item === undefined ? { label } : { label, item })

const make = Effect.fnUntraced(function* (run: RunState, task: Task, lease: Lease) {
  const cache = yield* Cache
  const events = yield* Events
  const { identified, speaker, node } = task
  yield* task.onStart
  const startedAtMs = yield* Clock.currentTimeMillis
  const output = yield* encoded(task, yield* performed(run, task))
  const elapsedMs = (yield* Clock.currentTimeMillis) - startedAtMs
  const place = { pipeline: run.pipeline, ...placeOf(task) }
  const result = { ...place, ...identified, stage: node.name, output, elapsedMs, lease }
  const committed = yield* Effect.catchTag(cache.commit(result), "BlobMissing", (error) =>
    Effect.fail(lostBytes(task, error)),
  )
  if (committed.differs) {
    const message = "gave another result than before for the same inputs; the first one is kept"
    const hint = "Make the stage depend on its inputs alone, for example by a seed among its parameters."
    yield* events.publish({ type: "warning", label: speaker, message, hint })
  }
  return { kind: "made", output: committed.output, elapsedMs } satisfies Obtained as Obtained
})

const performed = Effect.fnUntraced(function* (run: RunState, task: Task) {
  const { label, speaker, item, node } = task
  const [stopRequested, waypoints] = [run.stop.requested, run.waypoints.get(label) ?? []]
  const context = yield* runningStageContext({ runId: run.runId, label, speaker, item, stopRequested, waypoints })
  return yield* run.services.contextFor(node).pipe(
    Effect.flatMap((services) => Effect.provideContext(Effect.flatten(task.work), services)),
    Effect.provideService(StageContext, context),
    Effect.scoped,
    Effect.catchCause((cause) => Effect.failCause(inWords(task, cause))),
  )
})

const encoded = (task: Task, output: unknown): Effect.Effect<Json, StageFailure> => {
  const json = encodeJson(task.schema, output)
  if (Result.isSuccess(json)) return Effect.succeed(json.success)
  const { field, why } = json.failure[0]!
  return Effect.fail(
    new StageFailure({
      what: "The result does not fit the stage's output schema",
      where: whereOf(task, field),
      why,
      hint: "This is a mistake in the stage's code.",
      kind: "work",
    }),
  )
}

const lostBytes = (task: Task, { why, hint }: BlobMissing): StageFailure =>
  new StageFailure({
    what: "The result refers to bytes that are not there",
    where: whereOf(task),
    why,
    hint,
    kind: "work",
  })

const whereOf = ({ speaker, item }: Task, ...more: readonly string[]): string =>
  [speaker, item, ...more].filter((part) => part !== undefined && part !== "").join(": ")

/** Typed failures win over what was thrown beside them; what was thrown alone becomes one. */
const inWords = <E>(task: Task, cause: Cause.Cause<E>): Cause.Cause<E | StageFailure> => {
  if (Cause.hasFails(cause) || !Cause.hasDies(cause)) return cause
  return Cause.fail(brokeOff(task.speaker, task.item, Cause.squash(cause)))
}

export const brokeOff = (speaker: string, item: string | undefined, thrown: unknown): StageFailure =>
  new StageFailure({
    what: "The stage broke off",
    where: item === undefined ? speaker : `${speaker}: ${item}`,
    why: thrown instanceof Error ? thrown.message : String(thrown),
    hint: "This is a mistake in the stage's code; --verbose shows where.",
    kind: "work",
    cause: thrown,
  })
