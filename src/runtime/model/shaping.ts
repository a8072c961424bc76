/**
 * What a sweep makes of a pipeline's stages while they are wired: shorter courses, and whose trial it is.
 *
 * Only stages that say how (`course`, `asTrial`) are shaped. What is shaped are their parameters, so it enters their keys like any
 * other parameter and nothing else has to know of it.
 */

/** One trial of a sweep. */
export interface Trial {
  /** The sweep's name. */
  readonly sweep: string
  /** Its number, from 1. */
  readonly trial: number
}

export interface Shaping {
  /** Stages with a course go no further than this. */
  readonly untilStep?: number
  readonly trial?: Trial
}
