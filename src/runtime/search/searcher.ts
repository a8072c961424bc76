/**
 * A searcher: which point is tried next.
 *
 * What it suggests for a trial depends on the dimensions, the seed, the trial's number and what it is shown, and on nothing else: no
 * clock, no order in which results came, no state of its own but what could be computed again from these.
 */
import type { Dimension, Point } from "./dimension.ts"

/** What is known of a trial that was started before. Lower values are better: what is to be maximised comes negated. */
export interface Seen {
  /** Trials are numbered from 1 in the order in which they were decided. */
  readonly trial: number
  readonly point: Point
  readonly state:
    | { readonly kind: "complete"; readonly value: number }
    /** Not trained to the end, or not yet: the value at the last rung that it reached, after so many steps. */
    | { readonly kind: "pruned"; readonly value: number; readonly steps: number }
    | { readonly kind: "failed" }
    /** Started, and no result is to be seen yet. */
    | { readonly kind: "pending" }
}

export interface Asked {
  /** Number of the trial that is to be tried, from 1. */
  readonly trial: number
  /** Of all trials before it, in order of their numbers. */
  readonly seen: readonly Seen[]
}

/** A search that has begun; it may remember what speeds it up. */
export interface Search {
  /** undefined: every point has been tried. */
  readonly suggest: (asked: Asked) => Point | undefined
}

export interface Searched {
  readonly dimensions: readonly Dimension[]
  /** A whole number from 0 on. */
  readonly seed: number
  /** Whether a point may be tried: the constraints of the space. */
  readonly accepts: (point: Point) => boolean
}

/** How points are chosen: `random()`, `sobol()`, … give one. */
export interface Searcher {
  /** "random", "sobol", … */
  readonly kind: string
  /** Part of the sweep's identity. */
  readonly options: Readonly<Record<string, number | string | boolean>>
  /** True where what is suggested depends on results. */
  readonly adaptive: boolean
  readonly begin: (searched: Searched) => Search
}

/** A thousand draws in a row were refused by the constraints. */
export class NothingAccepted extends Error {}
