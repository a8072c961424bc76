/**
 * A pipeline once its parameters are known: the stages behind its results, in an order in which each comes after what it
 * reads, with labels and checked parameters.
 *
 * A stage can only be given wires that exist, so creation order is such an order. Labels are the stages' names, numbered
 * from the second of a name on. What is wrong with a stage's parameters is listed, not thrown.
 */
import { Result } from "effect"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import { type Node, recordNodes, upstream } from "../model/node.ts"
import { encodeJson, makeParams } from "../model/schema-codec.ts"
import type { Problem } from "../model/stage-failure.ts"
import type { Output } from "../model/wire.ts"
import type { PipelineResults } from "./pipeline.ts"

export interface StageProblem extends Problem {
  readonly label: string
}

export interface StageInstance {
  readonly label: string
  readonly node: Node
  /** Labels of the stages it reads from, by the name it knows them under. */
  readonly inputs: Readonly<Record<string, string>>
  /** Decoded, with defaults filled in; undefined when they do not fit. */
  readonly params: object | undefined
  readonly encodedParams: Readonly<Record<string, Json>>
  /** The parameters that enter the key. */
  readonly keyedParams: Readonly<Record<string, Json>>
}

export interface PipelineGraph {
  readonly pipeline: string
  /** The pipeline's own parameters, as JSON. */
  readonly params: Readonly<Record<string, Json>>
  readonly stages: readonly StageInstance[]
  /** The wanted results: name given by the pipeline (or the label) → label. */
  readonly results: Readonly<Record<string, string>>
  readonly problems: readonly StageProblem[]
}

export const wiredGraph = (
  pipeline: string,
  params: Readonly<Record<string, Json>>,
  build: () => PipelineResults,
): PipelineGraph => {
  const { result, nodes } = recordNodes(build)
  const wanted = wantedOutputs(result)
  const reached = reachable(wanted.map(([, output]) => output.node))
  const labels = labelled(reached)
  const checked = reached.map((node) => instantiated(node, labels))
  const idle = nodes.filter((node) => !labels.has(node))
  return {
    pipeline,
    params,
    stages: checked.map(({ instance }) => instance),
    results: Object.fromEntries(
      wanted.map(([name, output]) => [name ?? labels.get(output.node)!, labels.get(output.node)!]),
    ),
    problems: [...checked.flatMap(({ problems }) => problems), ...idle.map(notWanted)],
  }
}

const wantedOutputs = (result: PipelineResults): readonly (readonly [name: string | undefined, Output<unknown>])[] => {
  if (isOutput(result)) return [[undefined, result]]
  if (Array.isArray(result)) return result.map((output) => [undefined, output])
  return Object.entries(result)
}

const isOutput = (result: PipelineResults): result is Output<unknown> =>
  "node" in result && typeof result.node === "object" && "kind" in result.node

const reachable = (wanted: readonly Node[]): readonly Node[] => {
  const seen = new Set<Node>()
  const toVisit = [...wanted]
  for (let node = toVisit.pop(); node !== undefined; node = toVisit.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    toVisit.push(...Object.values(upstream(node)))
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

const labelled = (nodes: readonly Node[]): ReadonlyMap<Node, string> => {
  const counts = new Map<string, number>()
  const labels = new Map<Node, string>()
  for (const node of nodes) {
    const count = (counts.get(node.name) ?? 0) + 1
    counts.set(node.name, count)
    labels.set(node, count === 1 ? node.name : `${node.name}-${count}`)
  }
  return labels
}

const instantiated = (
  node: Node,
  labels: ReadonlyMap<Node, string>,
): { readonly instance: StageInstance; readonly problems: readonly StageProblem[] } => {
  const label = labels.get(node)!
  const inputs = Object.fromEntries(Object.entries(upstream(node)).map(([name, from]) => [name, labels.get(from)!]))
  const bare: StageInstance = { label, node, inputs, params: undefined, encodedParams: {}, keyedParams: {} }
  const made = Result.gen(function* () {
    const params = yield* makeParams(node.paramsSchema, node.params)
    return { params, encoded: yield* encodeJson(node.paramsSchema, params) }
  })
  if (Result.isFailure(made)) {
    const problems = made.failure.map(({ field, why }) =>
      problem(label, field, why, "Correct it in the pipeline file."),
    )
    return { instance: bare, problems }
  }
  const encodedParams = made.success.encoded as Readonly<Record<string, Json>>
  const instance = { ...bare, params: made.success.params, encodedParams }
  return withCheck({ ...instance, keyedParams: encodedParams })
}

/** Lets the stage look at its parameters and choose what of them enters the key; a throw in either is a problem like any other. */
const withCheck = (instance: StageInstance) => {
  const { node, label, params } = instance
  try {
    const problems = (node.check?.(params) ?? []).map((found) => ({ ...found, label }))
    const keyed = node.kind === "source" ? undefined : node.keyed?.(params)
    const keyedParams = keyed === undefined ? instance.keyedParams : (keyed as Readonly<Record<string, Json>>)
    canonicalJson(keyedParams)
    return { instance: { ...instance, keyedParams }, problems }
  } catch (thrown) {
    const why = `its check threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    return { instance, problems: [problem(label, "check", why, "This is a mistake in the stage's code.")] }
  }
}

const problem = (label: string, field: string, why: string, hint: string): StageProblem => ({
  label,
  field,
  why,
  hint,
  severity: "error",
})

const notWanted = (node: Node): StageProblem => ({
  label: node.name,
  field: "results",
  why: "no result of the pipeline depends on it, so it does not run",
  hint: "Return it from the pipeline as well, or take it out.",
  severity: "warning",
})
