/**
 * The walk behind a plan: every stage of a graph, level by level, asked where it stands.
 *
 * A level holds the stages whose inputs lie in earlier levels, so all its keys can be looked up in one query. Sources are
 * read first. Nothing is run and nothing is written. Problems are gathered over the whole graph: those of parameters, those
 * of sources, and those that stages see in the inputs that are already known.
 */
import { Effect } from "effect"
import { graphShapes } from "../define/graph-shapes.ts"
import {
  distinctProblems,
  type PipelineGraph,
  type StageInstance,
  type StageProblem,
} from "../define/pipeline-graph.ts"
import { wiredStages } from "../define/wired-stages.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { Cache } from "../storage/cache.ts"
import { type Hits, keysOf, type Outlook, outlookOf, type Prospect, prospect } from "./assessment.ts"
import { type CodeDigest, codeDigest } from "./code-digest.ts"
import { inspectInputs } from "./inspect.ts"
import { readSource } from "./read-source.ts"
import type { SourceReadings } from "./source-readings.ts"

export interface Surveyed {
  readonly instance: StageInstance
  readonly prospect: Prospect
  readonly hits: Hits
}

export interface Survey {
  readonly graph: PipelineGraph
  readonly stages: ReadonlyMap<string, Surveyed>
  readonly outlooks: ReadonlyMap<string, Outlook>
  readonly codes: ReadonlyMap<string, CodeDigest>
  /** How each stage sees itself in the graph. */
  readonly views: ReadonlyMap<string, WiredStage>
  readonly problems: readonly StageProblem[]
}

/** Where sources start, and what they gave before. */
export interface SurveyOptions {
  /** The folder of the pipeline file: relative paths in sources start here. */
  readonly root: string
  /** Sources that are kept here are not read again. */
  readonly readings?: SourceReadings
  /** Findings that are kept here are not looked up again: for many graphs that are surveyed one right after the other. */
  readonly findings?: Findings
}

interface Finding {
  readonly prospect: Prospect
  readonly hits: Hits
}

/** What was found of stages, by label and shape. */
export type Findings = Map<string, Finding>

export const survey = Effect.fnUntraced(function* (graph: PipelineGraph, options: SurveyOptions) {
  const codes = yield* codeDigests(graph)
  const views = wiredStages(graph.stages)
  const stages = new Map<string, Surveyed>()
  const outlooks = new Map<string, Outlook>()
  const problems: StageProblem[] = [...graph.problems]
  const shapes = options.findings === undefined ? undefined : graphShapes(graph)
  const placeOf = (label: string): string => `${label} ${shapes?.get(label)}`
  for (const [depth, level] of levels(graph).entries()) {
    if (depth === 0) problems.push(...(yield* readSources(level, options, outlooks, views)))
    const known = level.map(({ label }) => options.findings?.get(placeOf(label)))
    const prospects = level.map(
      (instance, at) => known[at]?.prospect ?? prospect(instance, codes.get(instance.node.code)!, outlooks),
    )
    const keys = prospects.flatMap((one, at) => (known[at] === undefined ? keysOf(one) : []))
    const found: Hits = keys.length === 0 ? new Map() : yield* (yield* Cache).lookupMany(keys)
    for (const [index, instance] of level.entries()) {
      const prospect = prospects[index]!
      const hits = known[index]?.hits ?? found
      options.findings?.set(placeOf(instance.label), { prospect, hits })
      stages.set(instance.label, { instance, prospect, hits })
      if (instance.node.kind !== "source") outlooks.set(instance.label, outlookOf(prospect, hits))
      problems.push(...inspectInputs(instance, prospect, outlooks, views.get(instance.label)!))
    }
  }
  return { graph, stages, outlooks, codes, views, problems: distinctProblems(problems) } satisfies Survey
})

/** Depth 0 reads from nothing; every other stage lies one below the deepest it reads from. */
const levels = (graph: PipelineGraph): readonly (readonly StageInstance[])[] => {
  const depths = new Map<string, number>()
  const levels: StageInstance[][] = []
  for (const instance of graph.stages) {
    const depth = Math.max(-1, ...Object.values(instance.inputs).map((label) => depths.get(label)!)) + 1
    depths.set(instance.label, depth)
    levels[depth] ??= []
    levels[depth].push(instance)
  }
  return levels
}

const codeDigests = Effect.fnUntraced(function* (graph: PipelineGraph) {
  // A source is read anew each time, so its code is in no key.
  const working = graph.stages.filter(({ node }) => node.kind !== "source")
  const modules = [...new Set(working.map(({ node }) => node.code))]
  const digests = yield* Effect.forEach(modules, codeDigest)
  return new Map(modules.map((module, index) => [module, digests[index]!]))
})

/** Hashing big files is bound by the disk, so a few at a time. */
const sourcesAtOnce = 4

const readSources = Effect.fnUntraced(function* (
  level: readonly StageInstance[],
  { root, readings }: SurveyOptions,
  outlooks: Map<string, Outlook>,
  views: Survey["views"],
) {
  const read = Effect.fnUntraced(function* (instance: StageInstance) {
    if (instance.node.kind !== "source") return []
    const { value, problems } = yield* readSource(instance, instance.node, root, views.get(instance.label)!, readings)
    outlooks.set(instance.label, value === undefined ? { kind: "unknown" } : { kind: "known", value })
    return problems
  })
  return (yield* Effect.forEach(level, read, { concurrency: sourcesAtOnce })).flat()
})
