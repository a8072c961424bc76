/**
 * An axis of a sweep: the values that a parameter may take, in the words of a pipeline file.
 *
 * It stands in the space where the parameter's value would stand, and is typed by what it gives: an axis of numbers fits a number and
 * nothing else. An option of `oneOf` may hold axes itself; they are there only in the trials that take this option.
 */
import { Predicate } from "effect"

const AxisId = "loom/sweep/Axis"

declare const Gives: unique symbol

export type AxisShape =
  | { readonly kind: "real"; readonly low: number; readonly high: number; readonly log: boolean }
  | {
      readonly kind: "integer"
      readonly low: number
      readonly high: number
      readonly step: number
      readonly log: boolean
    }
  | { readonly kind: "choice"; readonly options: readonly unknown[] }
  | { readonly kind: "repeats"; readonly count: number }

/** The values that a parameter may take in a sweep. */
export interface Axis<out A> {
  readonly [AxisId]: typeof AxisId
  /** Exists for the type checker only. */
  readonly [Gives]?: () => A
  /** For the sweep. */
  readonly shape: AxisShape
}

export const isAxis = (value: unknown): value is Axis<unknown> => Predicate.hasProperty(value, AxisId)

const axis = <A>(shape: AxisShape): Axis<A> => ({ [AxisId]: AxisId, shape })

/** What a value is once its axes have taken theirs. */
export type Taken<T> =
  T extends Axis<infer A>
    ? A
    : T extends readonly unknown[] | string | number | boolean | null | undefined
      ? T
      : { readonly [K in keyof T]: Taken<T[K]> }

/**
 * Real numbers from `low` to `high`, both included, each as likely as the other.
 *
 * @example
 * noiseOffset: uniform(0, 0.1)
 */
export const uniform = (low: number, high: number): Axis<number> => axis({ kind: "real", low, high, log: false })

/**
 * Real numbers from `low` to `high`, both included and above 0; equal ratios count the same: as much between 1e-4 and 1e-3 as between
 * 1e-3 and 1e-2. For learning rates.
 *
 * @example
 * unetLearningRate: logUniform(1e-4, 1e-2)
 */
export const logUniform = (low: number, high: number): Axis<number> => axis({ kind: "real", low, high, log: true })

/** How `integer` counts. */
export interface IntegerOptions {
  /** From one value to the next; 1 when left out. */
  readonly step?: number
  /** Equal ratios count the same; false when left out. */
  readonly log?: boolean
}

/**
 * Whole numbers low, low + step, … up to high.
 *
 * @example
 * steps: integer(300, 900, { step: 100 })
 */
export const integer = (low: number, high: number, { step = 1, log = false }: IntegerOptions = {}): Axis<number> =>
  axis({ kind: "integer", low, high, step, log })

/**
 * One of the values that are listed. Numbers in rising or falling order count as neighbours of each other, everything else as a mere
 * choice. A value may hold axes, which are there with that value alone.
 *
 * @example
 * networkDim: oneOf(4, 8, 16, 32)
 *
 * @example
 * textModel: oneOf(null, { learningRate: logUniform(1e-6, 1e-4) })
 */
export const oneOf = <const V extends readonly unknown[]>(...values: V): Axis<Taken<V[number]>> =>
  axis({ kind: "choice", options: values })

/**
 * For a parameter that is a seed: every trial is trained with the seeds 1, 2, … up to `count`, and counts with the mean of what it
 * gets. The table shows the spread. All trials use the same seeds, so that they differ by what is searched alone.
 *
 * @example
 * seed: repeats(3)
 */
export const repeats = (count: number): Axis<number> => axis({ kind: "repeats", count })
