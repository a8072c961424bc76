/** The decoded inputs of one stage, with everything upstream of it run or restored: what `loom trace` and `loom captions` start from. */
import { Effect, Result } from "effect"
import type { PipelineGraph, StageInstance } from "../define/pipeline-graph.ts"
import { subgraph } from "../define/subgraph.ts"
import { Items } from "../model/items.ts"
import type { Known } from "../model/known-value.ts"
import type { Fields, Node, Values } from "../model/node.ts"
import { unknownStage } from "../plan/explain-stage.ts"
import { decodeInputs, misfit } from "../plan/inspect.ts"
import { unrecorded } from "../storage/unrecorded.ts"
import { runGraph } from "./run.ts"
import type { RunOptions } from "./run-options.ts"
import { RunFailure } from "./run-outcome.ts"

export interface ResolvedStage {
  readonly instance: StageInstance
  /** Decoded, with defaults filled in. */
  readonly params: unknown
  /** Decoded, by name; the list of an item stage is called "items". */
  readonly inputs: Values
}

/** Runs everything upstream of the stage, but not the stage. What is made is kept; no run is recorded. */
export const resolveStage = Effect.fn("resolveStage")(function* (
  graph: PipelineGraph,
  label: string,
  options: RunOptions,
) {
  const instance = graph.stages.find((candidate) => candidate.label === label)
  if (instance === undefined) return yield* unknownStage(graph, label)
  const { run } = yield* unrecorded(runGraph(upstreamOf(graph, instance), options))
  const inputs: Record<string, Known> = {}
  for (const [name, from] of Object.entries(instance.inputs)) {
    const outlook = run.outlooks.get(from)
    if (outlook?.kind === "known") inputs[name] = outlook.value
  }
  const values = decodeInputs(schemasOf(instance.node), inputs)
  if (Result.isFailure(values)) {
    const problems = values.failure.map((issue) => misfit(label, issue))
    return yield* new RunFailure({ pipeline: graph.pipeline, kind: "input", problems, failures: [] })
  }
  return { instance, params: instance.params, inputs: values.success } satisfies ResolvedStage
})

/** All before the stage, without the stage. */
const upstreamOf = (graph: PipelineGraph, { inputs, speaker }: StageInstance): PipelineGraph => ({
  ...subgraph(graph, Object.fromEntries(Object.values(inputs).map((label) => [label, label])), [speaker]),
  results: {},
})

const schemasOf = (node: Node): Fields => {
  if (node.kind === "source") return {}
  return node.kind === "items" ? { ...node.inputSchemas, items: Items(node.itemSchema) } : node.inputSchemas
}
