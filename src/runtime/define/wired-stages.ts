/** The stages of a graph as those that look around in it see them. */
import type { Json } from "../model/canonical-json.ts"
import { decodeMade } from "../model/schema-codec.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import type { StageInstance } from "./pipeline-graph.ts"

type Neighbours = (label: string) => readonly string[]

/** By label. Stages that are only passed on count as neighbours. */
export const wiredStages = (stages: readonly StageInstance[]): ReadonlyMap<string, WiredStage> => {
  const byLabel = new Map(stages.map((stage) => [stage.label, stage]))
  const before = new Map(stages.map((stage) => [stage.label, linksOf(stage).filter((label) => byLabel.has(label))]))
  const behind = new Map(stages.map(({ label }) => [label, [] as string[]]))
  for (const [label, links] of before) for (const link of new Set(links)) behind.get(link)!.push(label)
  const views = new Map<string, WiredStage>()
  const viewsOf = (labels: readonly string[]) => labels.map((label) => views.get(label)!)
  const nearest = (start: string, next: Neighbours, name: string) =>
    viewsOf(walk(start, next).filter((label) => byLabel.get(label)!.node.name === name))
  for (const { label, speaker, node, inputs, passes, params, encodedParams } of stages) {
    views.set(label, {
      name: node.name,
      label: speaker,
      paramsAs: (schema) => (params === undefined ? undefined : decodeMade(schema, encodedParams as Json)),
      get reads() {
        const known = Object.entries({ ...inputs, ...passes }).filter(([, from]) => byLabel.has(from))
        return Object.fromEntries(known.map(([input, from]) => [input, views.get(from)!]))
      },
      get readers() {
        return viewsOf(behind.get(label)!)
      },
      upstream: (name) => nearest(label, (at) => before.get(at)!, name),
      downstream: (name) => nearest(label, (at) => behind.get(at)!, name),
      all: (name) => viewsOf(stages.filter((stage) => stage.node.name === name).map((stage) => stage.label)),
    })
  }
  return views
}

const linksOf = ({ inputs, passes }: StageInstance): readonly string[] => Object.values({ ...inputs, ...passes })

/** Every label that can be reached, level by level, each once. */
const walk = (start: string, next: Neighbours): readonly string[] => {
  const seen = new Set([start])
  for (const label of seen) for (const neighbour of next(label)) seen.add(neighbour)
  return [...seen].slice(1)
}
