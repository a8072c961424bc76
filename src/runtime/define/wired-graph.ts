/** Wires a pipeline: calls its build function and puts the stages behind its results together as a graph. */
import { Predicate } from "effect"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import { type Node, upstream } from "../model/node.ts"
import { sayValue } from "../model/say-value.ts"
import type { Shaping } from "../model/shaping.ts"
import type { Problem } from "../model/stage-failure.ts"
import { type AnyWire, isWire } from "../model/wire.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { recordNodes } from "./create-node.ts"
import { distinctProblems, type PipelineGraph, type StageInstance, type StageProblem } from "./pipeline-graph.ts"
import { wiredStages } from "./wired-stages.ts"

/** What the build function gave back is no result that could be wanted; told in place of a graph. */
export class NoResult extends Error {}

type Wanted = readonly (readonly [name: string | undefined, wire: AnyWire])[]

export const wiredGraph = (
  pipeline: string,
  { params, defaults }: Pick<PipelineGraph, "params" | "defaults">,
  build: () => unknown,
  shaping: Shaping = {},
): PipelineGraph => {
  const { result, nodes } = recordNodes(build, shaping)
  const wanted = wantedWires(result)
  const reached = reachable(wanted.map(([, { node }]) => node))
  const labels = labelled(reached)
  const checked = reached.map((node) => instantiated(node, labels))
  const stages = checked.map(({ instance }) => instance)
  const passed = new Set(reached.flatMap((node) => Object.values(node.passes)))
  const idle = nodes.filter((node) => !labels.has(node) && !passed.has(node))
  return {
    pipeline,
    params,
    defaults,
    stages,
    results: Object.fromEntries(wanted.map(([name, { node }]) => [name ?? labels.get(node)!, labels.get(node)!])),
    problems: distinctProblems([
      ...checked.flatMap(({ problems }) => problems),
      ...hookProblems(stages),
      ...idle.map(notWanted),
    ]),
  }
}

const wantedWires = (result: unknown): Wanted => {
  if (isWire(result)) return [[undefined, result]]
  const entries: readonly (readonly [string | undefined, unknown])[] = Array.isArray(result)
    ? result.map((one) => [undefined, one])
    : isPlain(result)
      ? Object.entries(result)
      : []
  if (entries.length === 0) throw new NoResult(noResult(result))
  return entries.map(([name, one]) => {
    if (isWire(one)) return [name, one]
    const what = name === undefined ? "one of its results" : `its result "${name}"`
    throw new NoResult(`${what} is ${sayValue(one)}, and not what a stage returned`)
  })
}

const isPlain = (value: unknown): value is object =>
  Predicate.isObject(value) && Object.getPrototypeOf(value) === Object.prototype

const noResult = (result: unknown): string => {
  if (result === undefined || result === null) return "its build function returns nothing, so there is nothing to make"
  if (result instanceof Promise) return "its build function is async, and wiring waits for nothing"
  return `its build function returns ${sayValue(result)}, and not what a stage returned`
}

/** What lies behind a call that went wrong belongs to the pipeline too. */
const behind = (node: Node): readonly Node[] => [
  ...Object.values(upstream(node)),
  ...(node.misuse === undefined ? [] : Object.values(node.passes)),
]

const reachable = (wanted: readonly Node[]): readonly Node[] => {
  const seen = new Set<Node>()
  const toVisit = [...wanted]
  for (let node = toVisit.pop(); node !== undefined; node = toVisit.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    toVisit.push(...behind(node))
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

/** A stage that is part of a call speaks in the name of the call's own stage. */
const speakerOf = (node: Node, labels: ReadonlyMap<Node, string>): string => {
  if (node.name === node.call.name) return labels.get(node)!
  const speaker = [...labels].find(([other]) => other.call === node.call && other.name === node.call.name)
  return speaker?.[1] ?? node.call.name
}

type Labels = ReadonlyMap<Node, string>

const labelsOf = (nodes: Readonly<Record<string, Node>>, labels: Labels): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(nodes).flatMap(([name, node]) => (labels.has(node) ? [[name, labels.get(node)!]] : [])),
  )

interface Checked {
  readonly instance: StageInstance
  readonly problems: readonly StageProblem[]
}

const instantiated = (node: Node, labels: Labels): Checked => {
  const { checked, misuse } = node
  const instance: StageInstance = {
    label: labels.get(node)!,
    speaker: speakerOf(node, labels),
    node,
    inputs: labelsOf(upstream(node), labels),
    passes: labelsOf(node.passes, labels),
    params: undefined,
    encodedParams: {},
    keyedParams: {},
  }
  const told = (misuse ?? []).map((found) => ({ label: instance.speaker, ...found }))
  if (checked.kind === "misfit") {
    const problems = checked.issues.map(({ field, why, hint }) => problem(instance.speaker, field, why, hint))
    return { instance, problems: [...told, ...problems] }
  }
  const { params, encoded: encodedParams } = checked
  const { instance: whole, problems } = withCheck({ ...instance, params, encodedParams, keyedParams: encodedParams })
  return { instance: misuse === undefined ? whole : { ...whole, params: undefined }, problems: [...told, ...problems] }
}

/** Lets the stage look at its parameters and choose what of them enters the key; a throw in either is a problem like any other. */
const withCheck = (instance: StageInstance): Checked => {
  const { node, speaker, params } = instance
  try {
    const problems = (node.check?.(params) ?? []).map((found) => ({ label: speaker, ...found }))
    const keyed = node.kind === "source" ? undefined : node.keyed?.(params)
    const keyedParams = keyed === undefined ? instance.keyedParams : (keyed as Readonly<Record<string, Json>>)
    canonicalJson(keyedParams)
    return { instance: { ...instance, keyedParams }, problems }
  } catch (thrown) {
    return { instance, problems: [threw(speaker, "check", thrown)] }
  }
}

/** Lets every stage look around in the graph. */
const hookProblems = (stages: readonly StageInstance[]): readonly StageProblem[] => {
  const views = wiredStages(stages)
  return stages.flatMap(({ label, speaker, node, params }) => {
    if (node.kind === "source" || node.wired === undefined || params === undefined) return []
    return looked(node.wired, views.get(label)!, speaker)
  })
}

const looked = (hook: (here: WiredStage) => readonly Problem[], here: WiredStage, speaker: string) => {
  try {
    return hook(here).map((found) => ({ label: speaker, ...found }))
  } catch (thrown) {
    return [threw(speaker, "wired", thrown)]
  }
}

const threw = (label: string, what: "check" | "wired", thrown: unknown): StageProblem => {
  const why = `its ${what} threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  return problem(label, what, why, "This is a mistake in the stage's code.")
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
