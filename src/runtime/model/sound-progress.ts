/**
 * Progress as a stage told it, made fit to be shown: a mistake in a count must not reach those who draw bars and write JSON.
 *
 * What is no number counts as 0, as does what is below it; metrics that are no numbers are left out. More done than there was to do stays as told.
 */
import type { Progress } from "./stage-context.ts"

const count = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0)

export const soundProgress = ({ done, of, unit, left, metrics }: Progress): Progress => ({
  done: count(done),
  of: count(of),
  unit: typeof unit === "string" ? unit : "",
  ...(left === undefined ? {} : { left: count(left) }),
  ...(metrics === undefined ? {} : { metrics: onlyNumbers(metrics) }),
})

const onlyNumbers = (metrics: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === "number"))
