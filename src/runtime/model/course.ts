/**
 * What a stage says of a long computation in steps: what all its steps depend on and what is in force at each, from its parameters
 * alone.
 *
 * Two computations over equal inputs whose courses agree on their first n steps are one computation up to there. A planner that
 * knows this before anything has run can tell how much many of them have in common.
 */
import type { Json } from "./canonical-json.ts"

export interface Course {
  /** What all steps depend on. */
  readonly start: Json
  /** What is in force at each step. */
  readonly steps: readonly Json[]
  /** What a step is called: "steps". */
  readonly unit: string
}

/** How a stage tells of its course. */
export interface CourseOf<Params> {
  readonly of: (params: Params) => Course
  /** The parameters with which the same course ends after so many steps; the same ones where it ends before. */
  readonly until: (params: Params, steps: number) => Params
}
