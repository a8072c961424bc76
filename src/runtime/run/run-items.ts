/**
 * Runs an item stage: the items whose results are kept are restored together, the others run as cores allow.
 *
 * A failed item leaves the results of the others in the cache; so does a stop. The stage has a value only when every item has.
 * An item that the user can mend lets the others go on, so that all such items are told at once; a failure of the work itself
 * (a full disk, a mistake in the code) would meet the others too and ends them.
 */
import { Effect, Option, Result } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import { plural } from "../model/counted.ts"
import { Events, type ItemCounts, type Reason } from "../model/events.ts"
import type { Values } from "../model/node.ts"
import type { StageStopped } from "../model/stage-failure.ts"
import { type Hits, hitOf, type ItemProspect, keysOf, listOf, ownHits, type Prospect } from "../plan/assessment.ts"
import { decodeInputs } from "../plan/inspect.ts"
import { countItems, origin } from "../plan/plan.ts"
import { itemReasons } from "../plan/reasons.ts"
import { sayChanges } from "../plan/say-change.ts"
import { Cache } from "../storage/cache.ts"
import { cancel, conclude, fail, noteFailure, stopped } from "./conclude.ts"
import { obtain, type Task } from "./obtain.ts"
import { endNewWork, type RunState } from "./run-state.ts"
import { unfit } from "./run-whole.ts"

type ItemsProspect = Prospect & { kind: "items" }

/** What the items of one stage have come to so far. */
interface Tally {
  readonly outputs: Map<string, Json>
  failures: number
  ranMs: number
  stop: StageStopped | undefined
  hasStarted: boolean
}

export const runItems = Effect.fnUntraced(function* (run: RunState, instance: StageInstance, found: ItemsProspect) {
  const cache = yield* Cache
  const hits = yield* cache.lookupMany(keysOf(found))
  const { changes, removed } = yield* itemReasons(run.pipeline, instance, found, hits)
  const counts = countItems(found, hits, removed.length)
  const shared = decodeInputs(found.node.inputSchemas, found.shared)
  if (Result.isFailure(shared)) return yield* fail(run, instance, undefined, unfit(instance, shared.failure[0]!))
  const tally = tallyOf(found, hits)
  const reason: Reason = { sentence: sayChanges(changes), changes }
  const runOne = yield* itemRunner(run, instance, found, shared.success, { tally, counts, reason })
  const missing = found.items.filter(({ item }) => !tally.outputs.has(item))
  const atOnce = Math.max(1, Math.floor(run.cores / Math.min(run.cores, found.node.cores)))
  yield* Effect.forEach(missing, runOne, { concurrency: atOnce, discard: true })
  return yield* ended(run, instance, found, hits, { tally, counts, reason })
})

const tallyOf = (found: ItemsProspect, hits: Hits): Tally => {
  const outputs = new Map<string, Json>()
  for (const { item, identified } of found.items) {
    const hit = hitOf(hits, identified)
    if (hit !== undefined) outputs.set(item, hit.output)
  }
  return { outputs, failures: 0, ranMs: 0, stop: undefined, hasStarted: false }
}

interface Course {
  readonly tally: Tally
  readonly counts: ItemCounts
  readonly reason: Reason
}

const itemRunner = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  found: ItemsProspect,
  shared: Values,
  { tally, counts, reason }: Course,
) {
  const events = yield* Events
  const { label } = instance
  const of = found.items.length
  const onStart = Effect.suspend(() => {
    if (tally.hasStarted) return Effect.void
    tally.hasStarted = true
    return events.publish({ type: "stage-started", label, reason, items: counts })
  })
  return Effect.fnUntraced(function* (prospect: ItemProspect) {
    const { item } = prospect
    const task = taskFor(instance, found, prospect, shared, onStart)
    const attempt = yield* Effect.result(obtain(run, task))
    if (Result.isFailure(attempt)) {
      const error = attempt.failure
      if (error._tag === "StorageFailure") return yield* Effect.fail(error)
      if (error._tag === "StageStopped") {
        tally.stop = error
        return
      }
      tally.failures++
      yield* noteFailure(run, instance, { item, identified: task.identified }, error)
      if (error.kind === "work") yield* endNewWork(run)
      return
    }
    if (Option.isNone(attempt.success)) return
    const { output, ...obtained } = attempt.success.value
    tally.outputs.set(item, output)
    const elapsedMs = obtained.kind === "made" ? obtained.elapsedMs : 0
    tally.ranMs += elapsedMs
    yield* events.publish({ type: "item-finished", label, item, elapsedMs, done: tally.outputs.size, of })
  })
})

const taskFor = (
  instance: StageInstance,
  { node }: ItemsProspect,
  { item, identified, value }: ItemProspect,
  shared: Values,
  onStart: Effect.Effect<void>,
): Task => ({
  label: instance.label,
  speaker: instance.speaker,
  item,
  node,
  identified: identified!,
  schema: node.resultSchema,
  onStart,
  work: Effect.suspend(() => {
    const decoded = decodeInputs({ item: node.itemSchema }, { item: value! })
    if (Result.isFailure(decoded)) return Effect.fail(unfit(instance, decoded.failure[0]!))
    const { params } = instance
    return Effect.sync(() => node.run({ params, key: item, item: decoded.success["item"], shared }))
  }),
})

const ended = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  found: ItemsProspect,
  hits: Hits,
  { tally, counts, reason }: Course,
) {
  const cache = yield* Cache
  const of = found.items.length
  const done = tally.outputs.size
  if (tally.failures > 0) {
    yield* endNewWork(run)
    const sentence = `${tally.failures} of ${of} ${plural(of, found.node.noun)} failed`
    yield* conclude(run, instance, { state: "failed", reason: sentence, elapsedMs: tally.ranMs, items: counts })
    return undefined
  }
  if (done < of) {
    const unit = plural(of, found.node.noun)
    const hint = tally.stop?.hint ?? "Run again to go on; finished ones are kept."
    if (run.halt.reason() === "run-failed") return yield* cancel(run, instance, { because: "run-failed" })
    return yield* stopped(run, instance, { done, of, unit, hint }, counts)
  }
  const keys = new Map(found.items.map(({ item, identified }) => [item, identified!.key]))
  const [firstKey] = keys.values()
  const ofFirst = firstKey === undefined ? {} : { key: firstKey }
  yield* cache.noteItems({ pipeline: run.pipeline, label: instance.label }, keys)
  if (counts.toRun === 0) {
    const ending = {
      state: "restored",
      reason: "its inputs turned out unchanged",
      elapsedMs: 0,
      items: counts,
      ...ofFirst,
    } as const
    yield* conclude(run, instance, ending, origin(ownHits(found, hits)))
  } else {
    const sentence = reason.sentence
    const ending = { state: "ran", reason: sentence, elapsedMs: tally.ranMs, items: counts, ...ofFirst } as const
    yield* conclude(run, instance, ending)
  }
  return listOf(found.items.map(({ item }) => [item, tally.outputs.get(item)!] as const))
})
