/** Values and states of trials as short words, the same in every form of the table. */
import type { AxisValue, SweepTrial } from "./sweep-table.ts"

/** What stands where there is nothing: an axis that is not there, an objective without a number. */
export const absent = "–"

/** Significant digits of an objective, which often differs late; a parameter has fewer. */
export const objectiveDigits = 5
const parameterDigits = 4

/** "16", "0.1234", "2.342e-4": a number to be read, not to be computed with. */
export const shortNumber = (value: number, digits: number = parameterDigits): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value)
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(digits - 1).replace(/\.?0+e/, "e")
  return String(Number(value.toPrecision(digits)))
}

export const valueWords = (value: AxisValue | undefined): string =>
  value === undefined ? absent : typeof value === "number" ? shortNumber(value) : String(value)

export const objectiveWords = (value: number | null | undefined): string =>
  value === null || value === undefined ? absent : shortNumber(value, objectiveDigits)

/** "complete", "pruned at 150", "complete, by hand" */
export const stateWords = ({ state, rungs, byHand }: Omit<SweepTrial, "pictures">): string => {
  const last = rungs.at(-1)
  const words = state === "pruned" && last !== undefined ? `pruned at ${last.steps}` : state
  return byHand ? `${words}, by hand` : words
}
