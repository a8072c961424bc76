/**
 * The table of a sweep as data: what was searched, every trial with its values and results, and what it cost.
 *
 * Whoever runs a sweep fills it; tables, the report and the picture sheet are made from it and from nothing else. It holds no
 * moment and no duration, so the same sweep gives the same table.
 */

export interface SweepObjective {
  readonly name: string
  readonly direction: "minimise" | "maximise"
}

export interface SweepAxis {
  /** "unetLearningRate", "textModel.learningRate" */
  readonly name: string
  readonly kind: "real" | "integer" | "choice"
  /** Equal ratios count the same. */
  readonly log: boolean
  /** What a choice is made among, in words, in the order of its list; null for numbers. */
  readonly options: readonly string[] | null
}

/** Optimizer updates: what the trials add up to, and what had to be trained for it. */
export interface SweepSteps {
  readonly asked: number
  readonly trained: number
}

export type TrialState = "complete" | "pruned" | "failed" | "running" | "waiting"

export type AxisValue = string | number | boolean | null

export interface TrialPicture {
  readonly prompt: string
  /** At most 256 pixels wide: see `smallPicture`. */
  readonly webp: Uint8Array
}

/** A point of a curve. */
export type LossAt = readonly [step: number, loss: number]

/** One trial of a sweep, as tables and reports show it. */
export interface SweepTrial {
  /** From 1, in the order in which trials were decided. */
  readonly trial: number
  /** 1 is best; null: it has none. */
  readonly rank: number | null
  readonly state: TrialState
  /** By the axis's name. An axis that is not there for this trial has no member. */
  readonly values: Readonly<Record<string, AxisValue>>
  /** In the order of the table's objectives; of a pruned trial at its last rung. */
  readonly objectives: readonly (number | null)[]
  /** Standard deviation of the first objective over repeats; null: not repeated. */
  readonly spread: number | null
  readonly rungs: readonly { readonly steps: number; readonly value: number }[]
  readonly steps: SweepSteps
  /** No other trial is better in every objective. */
  readonly onFront: boolean
  /** Of a failure, as a sentence. */
  readonly why: string | null
  /** Gone on with by hand after it was pruned. */
  readonly byHand: boolean
  /** Of the training; smoothed where it recorded its loss so. */
  readonly loss: readonly LossAt[]
  readonly validation: readonly LossAt[]
  readonly pictures: readonly TrialPicture[]
}

/** What a sweep searched, what each trial came to, and what it cost. */
export interface SweepTable {
  readonly name: string
  readonly pipeline: string
  /** "asynchronous halving (rungs 50, 150, 300), random points" */
  readonly search: string
  /** Whether what was tried depends on results; tests of importance are too optimistic then. */
  readonly adaptive: boolean
  /** The first one ranks. */
  readonly objectives: readonly SweepObjective[]
  /** Only what varies. */
  readonly axes: readonly SweepAxis[]
  readonly trials: readonly SweepTrial[]
  readonly steps: SweepSteps
}

/** Best first; those without a rank follow in their own order. */
export const byRank = (trials: readonly SweepTrial[]): readonly SweepTrial[] =>
  [...trials].sort(
    (a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || a.trial - b.trial,
  )

/** The axis's value in a trial; undefined where the axis is not there. */
export const valueOn = ({ name }: SweepAxis, { values }: Pick<SweepTrial, "values">): AxisValue | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined

/** Whether any two trials differ on an axis; being there and not being there differ too. */
export const differs = (axis: SweepAxis, trials: readonly Pick<SweepTrial, "values">[]): boolean =>
  new Set(trials.map((trial) => valueOn(axis, trial))).size > 1
