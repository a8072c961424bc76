/**
 * The long answer to "why does this stage run": every difference, and everything its keys are made of.
 *
 * For a stage that this label has never run, the nearest earlier result of the same stage in any pipeline is named, with what is
 * different from it: often that is the answer to "why is this not reused?".
 */
import { Effect, Option } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { type Change, changesBetween } from "../model/changes.ts"
import { nearestName } from "../model/nearest-name.ts"
import { StageFailure } from "../model/stage-failure.ts"
import { Cache } from "../storage/cache.ts"
import { type PlannedStage, type PlanOptions, planPipeline } from "./plan.ts"
import { sayChange } from "./say-change.ts"

export interface Explanation extends PlannedStage {
  /** Every change in words, in the order of `changes`. */
  readonly sentences: readonly string[]
  readonly nearest?: {
    readonly label: string
    readonly changes: readonly Change[]
    readonly sentences: readonly string[]
  }
}

export const explainStage = Effect.fn("explainStage")(function* (
  graph: PipelineGraph,
  label: string,
  options: PlanOptions,
) {
  const { stages } = yield* planPipeline(graph, options)
  const planned = stages.find((stage) => stage.label === label)
  if (planned === undefined) return yield* unknownStage(graph, label)
  const nearest = yield* nearestOf(planned)
  const explanation: Explanation = {
    ...planned,
    sentences: planned.changes.map(sayChange),
    ...(nearest === undefined ? {} : { nearest }),
  }
  return explanation
})

const nearestOf = Effect.fnUntraced(function* ({ stage, keys }: PlannedStage) {
  const cache = yield* Cache
  const first = keys.find(({ changes }) => changes.some(({ kind }) => kind === "first-time"))
  if (first === undefined) return undefined
  const found = yield* cache.nearest({ stage, preImage: first.preImage })
  if (Option.isNone(found)) return undefined
  const changes = changesBetween(found.value.preImage, first.preImage)
  return { label: found.value.label, changes, sentences: changes.map(sayChange) }
})

/** No stage has this label; says which it may have meant. */
export const unknownStage = ({ pipeline, stages }: PipelineGraph, label: string): StageFailure => {
  const labels = stages.map((stage) => stage.label)
  const nearest = nearestName(label, labels)
  const list = `Its stages are ${labels.join(", ")}.`
  return new StageFailure({
    what: `The pipeline has no stage "${label}"`,
    where: `pipeline ${pipeline}`,
    why: "no stage has this label",
    hint: nearest === undefined ? list : `Did you mean "${nearest}"? ${list}`,
    kind: "input",
  })
}
