/**
 * The steps that the jobs of a sweep ask for and how many of them are new, counted in the order of their decision.
 *
 * A job that cannot be wired asks for none. What is counted follows from the pipeline's parameters alone, so a full cache and the number
 * of workers do not show in it.
 */
import { Effect, Result } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { courseOf, longestCourse, type StageTree, stageTree } from "./stage-tree.ts"
import { measuredGraph, type Stretched } from "./trial-graph.ts"

export interface JobSteps {
  /** Steps at the job's end, of one repeat; null where there are none to count. */
  readonly reached: number | null
  /** Steps of the trial when it is trained to its end, of all repeats. */
  readonly asked: number
  /** Steps up to the job's end that no job before had, of all repeats. */
  readonly added: number
}

export interface SweepSteps {
  /** Counts a job. */
  readonly add: (job: Stretched) => Effect.Effect<JobSteps>
  readonly tree: StageTree
}

/** The graphs of all repeats that can be wired. */
export const measuredGraphs = Effect.fnUntraced(function* (sweep: PreparedSweep, job: Stretched) {
  const wired = yield* Effect.forEach(sweep.repeats, (repeat) => measuredGraph(sweep, job, repeat))
  return wired.flatMap((graph) => (Result.isFailure(graph) || isWrong(graph.success) ? [] : [graph.success]))
})

/** Where the trials of the sweep end; null: each at its own end. */
export const lastStepOf = ({ halving }: Pick<PreparedSweep, "halving">): number | null => halving?.rungs.at(-1) ?? null

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

/** Steps of all courses of a graph. */
const stepsOf = ({ stages }: PipelineGraph): number => sum(stages.map((one) => courseOf(one)?.steps.length ?? 0))

const isWrong = ({ problems }: PipelineGraph): boolean => problems.some(({ severity }) => severity === "error")

export const sweepSteps = (sweep: PreparedSweep): SweepSteps => {
  const tree = stageTree()
  return {
    add: Effect.fnUntraced(function* (job) {
      const graphs = yield* measuredGraphs(sweep, job)
      const whole = yield* measuredGraphs(sweep, { ...job, untilStep: lastStepOf(sweep) })
      return {
        reached: (graphs[0] && longestCourse(graphs[0])?.steps) ?? null,
        asked: sum(whole.map(stepsOf)),
        added: sum(graphs.map(tree.add)),
      }
    }),
    tree,
  }
}
