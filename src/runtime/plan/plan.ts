/**
 * What a run would do, stage by stage, and why, without doing any of it.
 *
 *   source    reads the outside world: it has just been read
 *   restored  its result is kept under the key it has now
 *   will-run  its key is new, or the kept result is gone; the reason compares with what this label used last
 *   waits     something it reads from has to run first, so its key cannot be known yet; if the new value turns out
 *             equal to the old one, it will be restored after all
 *
 * An item stage will run when at least one of its items will. Problems of the whole graph stand beside the stages.
 */
import { Effect } from "effect"
import type { PipelineGraph, StageProblem } from "../define/pipeline-graph.ts"
import type { Change } from "../model/changes.ts"
import type { ItemCounts } from "../model/events.ts"
import type { Key, PreImage } from "../model/fingerprint.ts"
import type { CachedResult } from "../storage/cache.ts"
import { type Hits, hitOf, ownHits, type Prospect } from "./assessment.ts"
import { itemReasons, stageChanges } from "./reasons.ts"
import { sayChanges } from "./say-change.ts"
import { type Survey, type Surveyed, type SurveyOptions, survey } from "./survey.ts"

/** What a run would do with a stage; "waits": not known before something that it reads has run. */
export type StageState = "source" | "restored" | "will-run" | "waits"

/** One key of a stage: the stage's only one, or one of an item. */
export interface PlannedKey {
  readonly item?: string
  readonly key: Key
  readonly preImage: PreImage
  readonly restored: boolean
  /** Why it will run; empty when restored. */
  readonly changes: readonly Change[]
}

/** What a run would do with one stage, and why. */
export interface PlannedStage {
  readonly label: string
  /** The stage's name, without the number that tells two of a name apart. */
  readonly stage: string
  readonly state: StageState
  /** One sentence. */
  readonly reason: string
  /** The differences behind the reason, for programs. */
  readonly changes: readonly Change[]
  /** When the kept result was made, in milliseconds since the epoch, and how long it took then. */
  readonly restored?: { readonly madeAtMs: number; readonly tookMs: number }
  /** Of an item stage: how its items fall. */
  readonly items?: ItemCounts
  /** One, or one for each item; none where they are not known yet. */
  readonly keys: readonly PlannedKey[]
}

/** What a run of a pipeline would do, stage by stage. */
export interface Plan {
  readonly pipeline: string
  /** Its parameters, as JSON. */
  readonly params: PipelineGraph["params"]
  /** In an order in which each comes after what it reads. */
  readonly stages: readonly PlannedStage[]
  /** What is wrong, or looks wrong. A run with an error among them is refused. */
  readonly problems: readonly StageProblem[]
}

export interface PlanOptions extends SurveyOptions {}

export const planPipeline = Effect.fn("planPipeline")(function* (graph: PipelineGraph, options: PlanOptions) {
  return yield* planOf(yield* survey(graph, options))
})

export const planOf = Effect.fnUntraced(function* (found: Survey) {
  const { pipeline, params } = found.graph
  const stages = new Map<string, PlannedStage>()
  for (const surveyed of found.stages.values()) {
    const { label } = surveyed.instance
    stages.set(label, yield* plannedStage(pipeline, surveyed, stages, found))
  }
  const inOrder = found.graph.stages.map(({ label }) => stages.get(label)!)
  return { pipeline, params, stages: inOrder, problems: found.problems } satisfies Plan
})

const plannedStage = (pipeline: string, surveyed: Surveyed, before: Stages, found: Survey) => {
  const { prospect } = surveyed
  if (prospect.kind === "stage") return plannedWhole(pipeline, surveyed, prospect)
  if (prospect.kind === "items") return plannedItems(pipeline, surveyed, prospect, before)
  return Effect.succeed(plannedBlocked(surveyed, prospect, before, found))
}

type Stages = ReadonlyMap<string, PlannedStage>

const named = ({ instance }: Surveyed) => ({ label: instance.label, stage: instance.node.name })

const unchanged = "nothing it depends on changed"

const plannedWhole = Effect.fnUntraced(function* (
  pipeline: string,
  surveyed: Surveyed,
  found: Prospect & { kind: "stage" },
) {
  const { identified } = found
  const hit = hitOf(surveyed.hits, identified)
  const changes = hit === undefined ? yield* stageChanges(pipeline, surveyed.instance, found) : []
  const planned: PlannedStage = {
    ...named(surveyed),
    state: hit === undefined ? "will-run" : "restored",
    reason: hit === undefined ? sayChanges(changes) : unchanged,
    changes,
    ...(hit === undefined ? {} : { restored: origin([hit]) }),
    keys: [{ ...identified, restored: hit !== undefined, changes }],
  }
  return planned
})

const plannedItems = Effect.fnUntraced(function* (
  pipeline: string,
  surveyed: Surveyed,
  prospect: Prospect & { kind: "items" },
  before: Stages,
) {
  const { instance, hits } = surveyed
  const reasons = yield* itemReasons(pipeline, instance, prospect, hits)
  const items = countItems(prospect, hits, reasons.removed.length)
  const state = items.toRun > 0 ? "will-run" : items.waiting > 0 ? "waits" : "restored"
  const waiting = prospect.items.filter(({ identified }) => identified === undefined).map(({ item }) => item)
  const of = prospect.items.length
  const some = waiting.length === of ? {} : { items: waiting, of, noun: prospect.node.noun }
  const dependence = waiting.length === 0 ? [] : [{ ...dependsOn(instance.inputs["items"]!, before), ...some }]
  const dropped: readonly Change[] =
    reasons.removed.length === 0 ? [] : [{ kind: "items-removed", noun: prospect.node.noun, items: reasons.removed }]
  const changes = [...reasons.changes, ...dependence, ...dropped]
  const planned: PlannedStage = {
    ...named(surveyed),
    state,
    reason: changes.length === 0 ? unchanged : sayChanges(changes),
    changes,
    ...(state === "restored" ? { restored: origin(ownHits(prospect, hits)) } : {}),
    items,
    keys: itemKeysOf(prospect, hits, reasons.perItem),
  }
  return planned
})

const itemKeysOf = (
  prospect: Prospect & { kind: "items" },
  hits: Hits,
  perItem: ReadonlyMap<string, readonly Change[]>,
): readonly PlannedKey[] =>
  prospect.items.flatMap(({ item, identified }) =>
    identified === undefined
      ? []
      : [{ item, ...identified, restored: hitOf(hits, identified) !== undefined, changes: perItem.get(item) ?? [] }],
  )

export const countItems = (prospect: Prospect & { kind: "items" }, hits: Hits, removed: number): ItemCounts => {
  const restored = prospect.items.filter(({ identified }) => hitOf(hits, identified) !== undefined).length
  const waiting = prospect.items.filter(({ identified }) => identified === undefined).length
  return { restored, waiting, toRun: prospect.items.length - restored - waiting, removed }
}

/** The newest of several results speaks for all, and their times add up. */
export const origin = (hits: readonly CachedResult[]): { readonly madeAtMs: number; readonly tookMs: number } => ({
  madeAtMs: hits.reduce((newest, hit) => Math.max(newest, hit.createdAtMs), 0),
  tookMs: hits.reduce((sum, hit) => sum + hit.elapsedMs, 0),
})

const plannedBlocked = (
  surveyed: Surveyed,
  { by }: Prospect & { kind: "blocked" },
  before: Stages,
  found: Survey,
): PlannedStage => {
  const { instance } = surveyed
  if (instance.node.kind === "source") {
    const isRead = found.outlooks.get(instance.label)?.kind === "known"
    const changes: readonly Change[] = isRead ? [] : [{ kind: "faulty", what: "source" }]
    const reason = isRead ? "read just now" : sayChanges(changes)
    return { ...named(surveyed), state: "source", reason, changes, keys: [] }
  }
  const faulty: readonly Change[] = instance.params === undefined ? [{ kind: "faulty", what: "parameters" }] : []
  const changes = [...faulty, ...by.slice(0, 1).map((label) => dependsOn(label, before))]
  return { ...named(surveyed), state: "waits", reason: sayChanges(changes), changes, keys: [] }
}

const dependsOn = (label: string, before: Stages): Change & { kind: "depends" } => {
  const planned = before.get(label)!
  const state = planned.state === "source" ? "unreadable" : planned.state === "waits" ? "waits" : "will-run"
  const onward = planned.changes.find((change) => change.kind === "depends")
  return { kind: "depends", on: label, state, root: state === "waits" && onward !== undefined ? onward.root : label }
}
