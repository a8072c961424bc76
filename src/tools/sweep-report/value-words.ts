/** Values and states of trials as short words, the same in every form of the table. */
import { absent, shortNumber } from "../tables/short-words.ts"
import type { AxisValue, SweepTrial } from "./sweep-table.ts"

/** Significant digits of an objective, which often differs late; a parameter has fewer. */
export const objectiveDigits = 5

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
