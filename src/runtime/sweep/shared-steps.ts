/**
 * The steps that the jobs of a sweep ask for and how many of them are new, counted in the order of their decision.
 *
 * A job that cannot be wired asks for none. What is counted follows from the pipeline's parameters alone, so a full cache and the number
 * of workers do not show in it.
 */
import { Effect, Result } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { type SharedSteps, type StageTree, stageTree } from "./stage-tree.ts"
import { measuredGraph, type Stretched } from "./trial-graph.ts"

export interface SweepSteps {
  /** Counts a job. */
  readonly add: (job: Stretched) => Effect.Effect<SharedSteps>
  /** Where the paths of a graph part from others. */
  readonly waypoints: StageTree["waypoints"]
}

const isWrong = ({ problems }: PipelineGraph): boolean => problems.some(({ severity }) => severity === "error")

const none: SharedSteps = { asked: 0, added: 0 }

export const sweepSteps = (sweep: PreparedSweep): SweepSteps => {
  const tree = stageTree()
  return {
    add: Effect.fnUntraced(function* (job) {
      const counted = yield* Effect.forEach(sweep.repeats, (repeat) =>
        Effect.map(measuredGraph(sweep, job, repeat), (graph) =>
          Result.isFailure(graph) || isWrong(graph.success) ? none : tree.add(graph.success),
        ),
      )
      return counted.reduce((sum, { asked, added }) => ({ asked: sum.asked + asked, added: sum.added + added }), none)
    }),
    waypoints: tree.waypoints,
  }
}
