/** The part of a graph that some of its stages need: those stages and everything before them. */
import type { PipelineGraph } from "./pipeline-graph.ts"

/** Labels of the wanted stages and of all that they read from, directly or through others. */
const neededFor = ({ stages }: PipelineGraph, wanted: Iterable<string>): ReadonlySet<string> => {
  const needed = new Set(wanted)
  for (const { label, inputs } of [...stages].reverse()) {
    if (needed.has(label)) for (const from of Object.values(inputs)) needed.add(from)
  }
  return needed
}

/**
 * The graph of the wanted stages; they are its results. Problems stay that one of its stages speaks for, or one of those that `beside`
 * names.
 */
export const subgraph = (
  graph: PipelineGraph,
  wanted: Readonly<Record<string, string>>,
  beside: readonly string[] = [],
): PipelineGraph => {
  const needed = neededFor(graph, Object.values(wanted))
  const stages = graph.stages.filter(({ label }) => needed.has(label))
  const speakers = new Set([...beside, ...stages.map(({ speaker }) => speaker)])
  const problems = graph.problems.filter(({ label }) => speakers.has(label))
  return { ...graph, stages, results: wanted, problems }
}
