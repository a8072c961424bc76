/**
 * What is wrong with a pipeline as a whole, seen from its wiring alone: stages that are right by themselves and not together.
 */
import type { PipelineGraph, StageProblem } from "../runtime/define/pipeline-graph.ts"

/** Two LoRAs of one name would write the same files, and the second would fail after its training. */
const sameNames = ({ stages }: PipelineGraph): readonly StageProblem[] => {
  const names = new Map<unknown, string>()
  return stages
    .filter(({ node }) => node.name === "checkpoint")
    .flatMap(({ label, encodedParams }) => {
      const name = encodedParams["name"]
      const first = names.get(name)
      if (typeof name !== "string" || first === undefined) {
        names.set(name, label)
        return []
      }
      const why = `"${name}" is the name of ${first} too, and both would write the same files`
      return [{ label, field: "name", why, hint: "Give each LoRA a name of its own", severity: "error" as const }]
    })
}

/** The graph with the problems of its wiring among its own, so that all are told together. */
export const withWiringProblems = (graph: PipelineGraph): PipelineGraph => ({
  ...graph,
  problems: [...graph.problems, ...sameNames(graph)],
})
