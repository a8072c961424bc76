/**
 * A pipeline once its parameters are known: the stages behind its results, in an order in which each comes after what it
 * reads, with labels and checked parameters.
 *
 * A stage can only be given wires that exist, so creation order is such an order. Labels are the stages' names, numbered
 * from the second of a name on. What is wrong with a call is listed, not thrown.
 */
import type { Json } from "../model/canonical-json.ts"
import type { Node } from "../model/node.ts"
import type { Problem } from "../model/stage-failure.ts"

export interface StageProblem extends Problem {
  readonly label: string
}

export interface StageInstance {
  readonly label: string
  /** Label of the stage that speaks for it: a stage that is part of a call is no word of the caller's. */
  readonly speaker: string
  readonly node: Node
  /** Labels of the stages it reads from, by the name it knows them under. */
  readonly inputs: Readonly<Record<string, string>>
  /** Labels of stages it only passes on to those behind it. */
  readonly passes: Readonly<Record<string, string>>
  /** Decoded, with defaults filled in; undefined when they do not fit, or the wires do not. */
  readonly params: object | undefined
  readonly encodedParams: Readonly<Record<string, Json>>
  /** The parameters that enter the key. */
  readonly keyedParams: Readonly<Record<string, Json>>
}

export interface PipelineGraph {
  readonly pipeline: string
  /** The pipeline's own parameters, as JSON. */
  readonly params: Readonly<Record<string, Json>>
  /** What they are where nobody says otherwise. */
  readonly defaults: Readonly<Record<string, Json>>
  readonly stages: readonly StageInstance[]
  /** The wanted results: name given by the pipeline (or the label) → label. */
  readonly results: Readonly<Record<string, string>>
  readonly problems: readonly StageProblem[]
}

/** The same thing told by two stages of one call is told once. */
export const distinctProblems = (problems: readonly StageProblem[]): readonly StageProblem[] => [
  ...new Map(problems.map((problem) => [`${problem.label}\n${problem.field}\n${problem.why}`, problem])).values(),
]
