/** The graph of a trial: the pipeline at a point, as far as it is wanted, under a name that tells trials apart. */
import { Effect, Result } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import type { Shaping } from "../model/shaping.ts"
import type { Job } from "../search/job.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"

/** What of a job a graph depends on. */
export type Stretched = Pick<Job, "trial" | "point" | "untilStep">

/** What a trial's runs are recorded under, and where its files lie in the output folder: "dog-sweep/trial-3". */
export const nameOfTrial = ({ name }: Pick<PreparedSweep, "name">, trial: number): string => `${name}/trial-${trial}`

const untilOf = ({ untilStep }: Stretched): Shaping => (untilStep === null ? {} : { untilStep })

type Wired = Result.Result<PipelineGraph, string>

/** Graphs that are kept wired: they are asked for again where steps are counted, where results are looked up, and for curves. */
const keptAtMost = 2000
/** By the space, which a sweep with other trials or rungs shares. */
const kept = new WeakMap<PreparedSweep["space"], Map<string, Wired>>()

/** What the objectives are read from, of one repeat; or why the pipeline cannot be wired there. The same graph each time. */
export const measuredGraph = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  job: Stretched,
  repeat: number | undefined,
) {
  const graphs = kept.get(sweep.space) ?? new Map<string, Wired>()
  kept.set(sweep.space, graphs)
  const place = `${job.trial} ${job.untilStep} ${repeat} ${Object.entries(job.point).join(" ")}`
  const known = graphs.get(place)
  if (known !== undefined) return known
  const wired = yield* Effect.result(sweep.graphAt(job.point, untilOf(job), repeat))
  const graph: Wired = Result.isFailure(wired)
    ? Result.fail(wired.failure.message)
    : Result.succeed({ ...sweep.measured(wired.success), pipeline: nameOfTrial(sweep, job.trial) })
  if (graphs.size >= keptAtMost) graphs.clear()
  graphs.set(place, graph)
  return graph
})

/** The whole pipeline at a trial's point, of its first repeat, as a part of the sweep: its files say so. */
export const wholeGraph = (sweep: PreparedSweep, job: Stretched) =>
  sweep
    .graphAt(job.point, { ...untilOf(job), trial: { sweep: sweep.name, trial: job.trial } }, sweep.repeats[0])
    .pipe(Effect.map((graph): PipelineGraph => ({ ...graph, pipeline: nameOfTrial(sweep, job.trial) })))
