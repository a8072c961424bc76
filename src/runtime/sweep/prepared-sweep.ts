/**
 * A sweep that has been looked through: its dimensions, its objectives and where they are read, its search, and the graph of any point.
 *
 * Whatever is wrong with it is told together, as problems of the sweep; nothing has been read or run by then.
 */
import { Effect, Result } from "effect"
import type { PipelineGraph, StageProblem } from "../define/pipeline-graph.ts"
import { subgraph } from "../define/subgraph.ts"
import type { Json } from "../model/canonical-json.ts"
import { digestText } from "../model/fingerprint.ts"
import { sayValue } from "../model/say-value.ts"
import { decodeParams } from "../model/schema-codec.ts"
import type { Shaping } from "../model/shaping.ts"
import type { StageFailure } from "../model/stage-failure.ts"
import { RunFailure } from "../run/run-outcome.ts"
import { type Asha, ashaProblems } from "../search/asha.ts"
import { defaultVirtualWorkers } from "../search/decisions.ts"
import { type Dimension, type Point, sizeOf } from "../search/dimension.ts"
import { everyAccepted } from "../search/every-point.ts"
import type { Halving } from "../search/halving.ts"
import { random } from "../search/random.ts"
import type { Searcher } from "../search/searcher.ts"
import { problemsOf } from "../search/searcher-problems.ts"
import { isObjective, type Objective } from "./objective.ts"
import { stageOf, stageProblems } from "./objective-stages.ts"
import { type FlatSpace, flatSpace, plainSpace } from "./space.ts"
import { spaceProblems } from "./space-problems.ts"
import type { Sweep } from "./sweep.ts"
import { type SweepProblem, wrong } from "./sweep-problems.ts"
import { unreadAxes } from "./unread-axes.ts"

export interface PreparedSweep {
  readonly name: string
  /** Name of the pipeline. */
  readonly pipeline: string
  readonly space: FlatSpace
  readonly objectives: readonly [Objective, ...Objective[]]
  readonly searcher: Searcher
  readonly halving: Halving | null
  readonly virtualWorkers: number
  readonly trials: number
  readonly seed: number
  readonly shown: number
  readonly accepts: (point: Point) => boolean
  /** Values of the repeated parameter; one undefined where nothing is repeated. */
  readonly repeats: readonly (number | undefined)[]
  /** What the objectives are read from where nothing is searched; its results are named by the objectives' places. */
  readonly base: PipelineGraph
  /** The whole pipeline at a point. */
  readonly graphAt: (point: Point, shaping?: Shaping, repeat?: number) => Effect.Effect<PipelineGraph, StageFailure>
  /** What of it the objectives are read from; its results are named by the objectives' places. */
  readonly measured: (graph: PipelineGraph) => PipelineGraph
  /** All that its decisions depend on but the pipeline's own code and files. */
  readonly definition: Json
  /** Warnings, and nothing worse. */
  readonly problems: readonly StageProblem[]
}

/**
 * Fails with all that is wrong at once.
 *
 * @param set Other values for parameters that are not searched.
 */
export const prepareSweep = Effect.fn("prepareSweep")(function* (
  sweep: Sweep,
  set: Readonly<Record<string, unknown>> = {},
) {
  const { pipeline, written, name } = sweep
  const plain = yield* pipeline.instantiate(set)
  const searchable = { schema: pipeline.paramsSchema, defaults: pipeline.defaults }
  const objectives = Array.isArray(written.objective) ? written.objective : [written.objective]
  const first = [
    ...spaceProblems(written.space, searchable),
    ...objectiveProblems(objectives),
    ...countProblems(sweep),
    ...setProblems(written.space, set),
    ...(isAsha(written.search) ? ashaProblems(written.search).map(asSweepProblem) : []),
  ]
  yield* refuse(sweep, first)
  const space = flatSpace(written.space)
  const search = searchOf(written.search)
  const accepts = acceptsOf(sweep, space, plain.params)
  yield* refuse(sweep, [
    ...first,
    ...problemsOf(search.searcher, space.dimensions).map(asSweepProblem),
    ...stageProblems(plain, objectives as readonly Objective[]),
  ])
  const repeated = space.repeated
  const measured = (graph: PipelineGraph) =>
    subgraph(
      graph,
      Object.fromEntries(
        (objectives as readonly Objective[]).map((objective, at) => [String(at), stageOf(graph, objective)!]),
      ),
    )
  const prepared: PreparedSweep = {
    ...search,
    ...{ name, pipeline: pipeline.name, space, accepts },
    objectives: objectives as unknown as PreparedSweep["objectives"],
    trials: written.trials ?? defaultTrials(search.searcher, space.dimensions, accepts),
    seed: written.seed ?? 1,
    shown: written.shown ?? 4,
    repeats: repeated === null ? [undefined] : Array.from({ length: repeated.count }, (_, at) => at + 1),
    graphAt: (point, shaping, repeat) =>
      pipeline.instantiate(
        { ...set, ...space.valuesOf(point), ...(repeated === null ? {} : { [repeated.name]: repeat ?? 1 }) },
        shaping,
      ),
    measured,
    base: measured(plain),
    definition: definitionOf(sweep, plain.params, search, objectives as readonly Objective[]),
    problems: first.map((problem) => ({ label: name, ...problem })),
  }
  const unread = yield* unreadAxes(prepared)
  yield* refuse(sweep, [...first, ...unread])
  return { ...prepared, problems: [...first, ...unread].map((problem) => ({ label: name, ...problem })) }
})

const isAsha = (search: Searcher | Asha | undefined): search is Asha => search?.kind === "asha"

const searchOf = (search: Searcher | Asha | undefined) =>
  isAsha(search)
    ? { searcher: search.searcher, halving: search.halving, virtualWorkers: search.virtualWorkers }
    : { searcher: search ?? random(), halving: null, virtualWorkers: defaultVirtualWorkers }

const asSweepProblem = ({
  field,
  why,
  hint,
}: {
  readonly field: string
  readonly why: string
  readonly hint: string
}) => wrong(field, why, hint)

/** Refuses a sweep with an error among its problems. */
export const refuse = (
  { name }: Pick<Sweep, "name">,
  problems: readonly (SweepProblem & { readonly label?: string })[],
) =>
  problems.some(({ severity }) => severity === "error")
    ? Effect.fail(
        new RunFailure({
          pipeline: name,
          kind: "input",
          problems: problems.map((problem) => ({ label: name, ...problem })),
          failures: [],
        }),
      )
    : Effect.void

const objectiveProblems = (objectives: readonly unknown[]): readonly SweepProblem[] => {
  if (objectives.length === 0) return [wrong("objective", "there is none", "Write minimise(validationLoss)")]
  const strange = objectives.find((one) => !isObjective(one))
  if (strange !== undefined || objectives.includes(undefined)) {
    const why = `an objective has to be minimise(…) or maximise(…); this is ${sayValue(strange)}`
    return [wrong("objective", why, "Write minimise(validationLoss)")]
  }
  const names = (objectives as readonly Objective[]).map(({ measure }) => measure.name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined
    ? []
    : [wrong("objective", `two objectives are called "${twice}"`, "Give one another name")]
}

const countProblems = ({ written: { trials, seed, shown } }: Sweep): readonly SweepProblem[] => {
  const fields = [
    ["trials", trials, 1],
    ["seed", seed, 0],
    ["shown", shown, 0],
  ] as readonly (readonly [field: string, value: unknown, least: number])[]
  return fields.flatMap(([field, value, least]) => {
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return []
    const why = `it has to be a whole number from ${least} on; this is ${sayValue(value)}`
    return [wrong(field, why, "Leave it out for the usual")]
  })
}

const setProblems = (space: unknown, set: Readonly<Record<string, unknown>>): readonly SweepProblem[] =>
  Object.keys(set).flatMap((name) =>
    typeof space === "object" && space !== null && Object.hasOwn(space, name)
      ? [wrong(name, "the sweep searches it, so it cannot be set", "Change the sweep's space, or set it for one trial")]
      : [],
  )

const usualTrials = 16

/** All points of an exhaustive search that can be counted. */
const defaultTrials = (searcher: Searcher, dimensions: readonly Dimension[], accepts: (point: Point) => boolean) => {
  if (dimensions.length === 0) return 1
  if (searcher.kind !== "exhaustive") return Math.min(usualTrials, productOf(dimensions))
  return everyAccepted({ dimensions, seed: 0, accepts })?.length ?? productOf(dimensions)
}

const productOf = (dimensions: readonly Dimension[]): number =>
  dimensions.reduce((product, { range }) => product * sizeOf(range), 1)

/** A constraint that throws, told as one. */
export class ConstraintThrew extends Error {}

const acceptsOf =
  ({ pipeline, written: { where } }: Sweep, space: FlatSpace, params: PipelineGraph["params"]) =>
  (point: Point) => {
    if (where === undefined) return true
    const values = decodeParams(pipeline.paramsSchema, { ...params, ...space.valuesOf(point) })
    if (Result.isFailure(values)) return true
    try {
      return where(values.success as never)
    } catch (thrown) {
      throw new ConstraintThrew(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

/** What of a sweep its decisions depend on; not how long it goes on, nor where its last rung lies. */
const definitionOf = (
  { pipeline, written }: Sweep,
  params: PipelineGraph["params"],
  { searcher, halving, virtualWorkers }: ReturnType<typeof searchOf>,
  objectives: readonly Objective[],
): Json => ({
  pipeline: pipeline.name,
  params,
  space: plainSpace(written.space),
  where: written.where === undefined ? null : digestText(String(written.where)),
  searcher: { kind: searcher.kind, options: searcher.options },
  reduction: halving === null ? null : halving.reduction,
  virtualWorkers,
  objectives: objectives.map(({ direction, measure: { name, from } }) => ({ direction, name, from: { ...from } })),
  seed: written.seed ?? 1,
})
