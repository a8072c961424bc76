/**
 * What is wrong with a pipeline as a whole, seen from its wiring alone: stages that are right by themselves and not together.
 */
import type { PipelineGraph, StageProblem } from "../runtime/define/pipeline-graph.ts"
import { trainingsAtHand } from "./wiring.ts"

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

const endlessWarmups = (graph: PipelineGraph): readonly StageProblem[] =>
  trainingsAtHand(graph).flatMap(({ stage, settings: { warmupSteps, steps } }) => {
    if (warmupSteps < 2 || warmupSteps <= steps) return []
    const why = `${warmupSteps} is more than the ${steps} steps there are, so the full rate is never reached`
    const hint = "A tenth of the steps is plenty"
    return [{ label: stage, field: "warmupSteps", why, hint, severity: "warning" as const }]
  })

/** The graph with the problems of its wiring among its own, so that all are told together. */
export const withWiringProblems = (graph: PipelineGraph): PipelineGraph => ({
  ...graph,
  problems: [...graph.problems, ...sameNames(graph), ...endlessWarmups(graph)],
})
