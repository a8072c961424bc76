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

/** What the objectives are read from, of one repeat; or why the pipeline cannot be wired there. */
export const measuredGraph = (
  sweep: PreparedSweep,
  job: Stretched,
  repeat: number | undefined,
): Effect.Effect<Result.Result<PipelineGraph, string>> =>
  Effect.result(sweep.graphAt(job.point, untilOf(job), repeat)).pipe(
    Effect.map((wired) => {
      if (Result.isFailure(wired)) return Result.fail(wired.failure.message)
      return Result.succeed({ ...sweep.measured(wired.success), pipeline: nameOfTrial(sweep, job.trial) })
    }),
  )

/** The whole pipeline at a trial's point, of its first repeat, as a part of the sweep: its files say so. */
export const wholeGraph = (sweep: PreparedSweep, job: Stretched) =>
  sweep
    .graphAt(job.point, { ...untilOf(job), trial: { sweep: sweep.name, trial: job.trial } }, sweep.repeats[0])
    .pipe(Effect.map((graph): PipelineGraph => ({ ...graph, pipeline: nameOfTrial(sweep, job.trial) })))
