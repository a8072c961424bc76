/**
 * An objective: which number of a pipeline's results is to become small or large.
 *
 * It names the stage that the number comes from, by the name of a result or by what its wire carries, so that a sweep runs no more of the
 * pipeline than is measured.
 */
import { Predicate } from "effect"

const ObjectiveId = "loom/sweep/Objective"

export type From =
  /** The result of this name. */
  | { readonly kind: "result"; readonly name: string }
  /** The one stage whose wire carries this. */
  | { readonly kind: "carrying"; readonly word: string }

/** A number that can be read off what a stage gives. */
export interface Measure<out Name extends string = never> {
  /** In tables: "validation loss". */
  readonly name: string
  readonly from: From
  /** The number in the stage's decoded output; undefined or not finite: it has none, and the trial has failed. */
  readonly value: (output: never) => number | undefined
  /** How it went on the way, by step, for plots. */
  readonly curve?: (output: never) => readonly (readonly [step: number, value: number])[]
  /** Exists for the type checker only: the result that it names. */
  readonly "~result"?: () => Name
}

/** A measure and which way is better: what `minimise` and `maximise` give. */
export interface Objective<out Name extends string = string> {
  readonly [ObjectiveId]: typeof ObjectiveId
  readonly direction: "minimise" | "maximise"
  readonly measure: Measure<Name>
}

export const isObjective = (value: unknown): value is Objective => Predicate.hasProperty(value, ObjectiveId)

/** What an objective may be read from: a measure, or a result that is a number, by its name. */
export type Measured<Name extends string> = Name | Measure<Name>

const asMeasure = <Name extends string>(measured: Measured<Name>): Measure<Name> =>
  typeof measured === "string"
    ? { name: measured, from: { kind: "result", name: measured }, value: (output: unknown) => asNumber(output) }
    : measured

const asNumber = (output: unknown): number | undefined => (typeof output === "number" ? output : undefined)

/** Where a measure of one's own is read. */
export interface MeasureOptions<Name extends string, A> {
  /** The name of the pipeline's result that it is read from. */
  readonly result: Name
  /** The number in that result; undefined: it has none. */
  readonly value: (output: A) => number | undefined
}

/**
 * A number of one's own, read off a result of the pipeline.
 *
 * @param name Its name in tables.
 *
 * @example
 * minimise(measure("sharpness", { result: "report", value: (report: Report) => report.sharpness }))
 */
export const measure = <Name extends string, A>(
  name: string,
  { result, value }: MeasureOptions<Name, A>,
): Measure<Name> => ({
  name,
  from: { kind: "result", name: result },
  value: value as (output: never) => number | undefined,
})

/**
 * The smaller the better: a measure such as `validationLoss`, or the name of a result that is a number.
 *
 * @example
 * minimise(validationLoss)
 */
export const minimise = <const Name extends string>(measured: Measured<Name>): Objective<Name> => ({
  [ObjectiveId]: ObjectiveId,
  direction: "minimise",
  measure: asMeasure(measured),
})

/**
 * The larger the better: a measure, or the name of a result that is a number.
 *
 * @example
 * maximise("likeness")
 */
export const maximise = <const Name extends string>(measured: Measured<Name>): Objective<Name> => ({
  [ObjectiveId]: ObjectiveId,
  direction: "maximise",
  measure: asMeasure(measured),
})
