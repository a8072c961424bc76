/**
 * A sweep: many runs of one pipeline that differ in some of its parameters, to find the values that serve best.
 *
 * Like a pipeline it is a value and does nothing by itself. What it decides depends on its space, search, objective and seed; how many
 * trials there are only says where it ends.
 */
import { Predicate } from "effect"
import type { Pipeline, PipelineResults } from "../define/pipeline.ts"
import type { ParamsSchema } from "../model/node.ts"
import type { Asha } from "../search/asha.ts"
import type { Searcher } from "../search/searcher.ts"
import type { Objective } from "./objective.ts"
import type { AnySpace, Space } from "./space.ts"

const SweepId = "loom/sweep/Sweep"

/** Names of a pipeline's results, where it gives them names. */
type ResultNames<R> = R extends readonly unknown[]
  ? string
  : R extends { readonly carries: string }
    ? string
    : keyof R & string

type ObjectiveOf<R> = Objective<unknown extends R ? string : ResultNames<R>>

/** What `sweep` is told: `space` and `objective` are required. */
export interface SweepOptions<P extends ParamsSchema, R> {
  /** Names its folder in the output folder; the pipeline's name and "-sweep" when left out. */
  readonly name?: string
  /** An axis for each parameter that is searched; the others keep their values. */
  readonly space: Space<P["~type.make.in"]>
  /** How points are chosen; `random()` when left out. */
  readonly search?: Searcher | Asha
  /** What is to become small or large. Several: the first one ranks and is searched by, and those that no other beats are shown. */
  readonly objective: ObjectiveOf<R> | readonly ObjectiveOf<R>[]
  /** How many points are tried; all of them when left out where the search is exhaustive, else 16. */
  readonly trials?: number
  /** Of what is drawn at random, a whole number from 0 on; 1 when left out. */
  readonly seed?: number
  /** Whether a point may be tried. It sees all parameters, and nothing else. */
  readonly where?: (params: P["Type"]) => boolean
  /** How many of the best trials are run whole, with pictures and files; 4 when left out. */
  readonly shown?: number
}

/** A sweep as a file exports it: what `loom sweep` takes. */
export interface Sweep {
  readonly [SweepId]: typeof SweepId
  readonly name: string
  readonly pipeline: Pipeline
  /** As it was written, with nothing checked. */
  readonly written: {
    readonly space: AnySpace
    readonly search: Searcher | Asha | undefined
    readonly objective: unknown
    readonly trials: number | undefined
    readonly seed: number | undefined
    readonly where: ((params: never) => boolean) | undefined
    readonly shown: number | undefined
  }
}

export const isSweep = (value: unknown): value is Sweep => Predicate.hasProperty(value, SweepId)

/**
 * Defines a sweep over a pipeline: a file has it as its default export, and `loom sweep FILE` runs it.
 *
 * Trials share all that they have in common: stages, and the first steps of trainings that agree up to there. The same sweep gives the
 * same table on any number of workers, after any interruption, and with a full cache. More trials go on from where the fewer ended.
 *
 * @param pipeline Whose parameters are searched.
 * @param options What is searched, how, and for what.
 *
 * @example
 * export default sweep(quickstart, {
 *   space: { unetLearningRate: logUniform(1e-4, 1e-2), networkDim: oneOf(4, 8, 16, 32) },
 *   search: asha({ rungs: [50, 150, 300] }),
 *   objective: minimise(validationLoss),
 *   trials: 24,
 *   seed: 1,
 * })
 */
export const sweep = <P extends ParamsSchema, R extends PipelineResults>(
  pipeline: Pipeline<P, R>,
  options: SweepOptions<P, R>,
): Sweep => {
  const { name = `${pipeline.name}-sweep`, space, search, objective, trials, seed, where, shown } = options
  const written = { space: space as AnySpace, search, objective, trials, seed, where, shown }
  return { [SweepId]: SweepId, name, pipeline: pipeline as unknown as Pipeline, written } as Sweep
}
