/** What a sweep decides to do, as data: jobs in the order of their decision, and what came of them. */
import type { Point } from "./dimension.ts"

/** One stretch of one trial: to the first rung, from a rung to the next, or the whole of it where there are no rungs. */
export interface Job {
  /** Counted from 0 in the order of decision. */
  readonly decision: number
  /** Counted from 1 in the order of decision. */
  readonly trial: number
  readonly point: Point
  /** Counted from 0. */
  readonly rung: number
  /** Steps done at its end; null: the trial's own last step. */
  readonly untilStep: number | null
  /** How many results could be seen when it was decided. */
  readonly visible: number
}

/** Lower is better. A trial without a number at this rung has failed there. */
export type JobResult =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "failed"; readonly why: string }
