/** Where in a graph the objectives are read: labels of stages, or what is wrong with the way they are named. */
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { nearestName } from "../model/nearest-name.ts"
import { wordOf } from "../model/word.ts"
import type { Measure, Objective } from "./objective.ts"
import { type SweepProblem, wrong } from "./sweep-problems.ts"

/** Label of the stage that an objective is read from, or undefined. */
export const stageOf = (graph: PipelineGraph, { measure }: Objective): string | undefined => {
  const labels = candidates(graph, measure)
  return labels.length === 1 ? labels[0] : undefined
}

const candidates = ({ results, stages }: PipelineGraph, { from }: Measure<string>): readonly string[] => {
  if (from.kind === "result") return Object.hasOwn(results, from.name) ? [results[from.name]!] : []
  return stages.filter(({ node }) => wordOf(node.outputSchema) === from.word).map(({ label }) => label)
}

/** Empty where every objective is read from exactly one stage. */
export const stageProblems = (graph: PipelineGraph, objectives: readonly Objective[]): readonly SweepProblem[] =>
  objectives.flatMap(({ measure }) => {
    const labels = candidates(graph, measure)
    if (labels.length === 1) return []
    return [labels.length === 0 ? nowhere(graph, measure) : several(measure, labels)]
  })

const nowhere = ({ results }: PipelineGraph, { name, from }: Measure<string>): SweepProblem => {
  const names = Object.keys(results)
  if (from.kind === "carrying") {
    const hint =
      from.word === "validation" ? "Add validate({ checkpoints, heldOut }) to the pipeline" : "Add such a stage"
    return wrong(
      "objective",
      `"${name}" is read from a stage that gives a ${from.word}, and the pipeline has none`,
      hint,
    )
  }
  const nearest = nearestName(from.name, names)
  const meant = nearest === undefined ? "" : `Did you mean "${nearest}"? `
  return wrong("objective", `the pipeline has no result "${from.name}"`, `${meant}It has ${names.join(", ")}`)
}

const several = ({ name }: Measure<string>, labels: readonly string[]): SweepProblem => {
  const hint = "Give the one that counts a name among the results, and read it with measure(…)"
  return wrong("objective", `"${name}" could be read from ${labels.join(" and ")}`, hint)
}
