/** The bounds that several rows have in common. null, where a parameter may be null, is in order. */
import type { Rule } from "./row.ts"

export const atLeast = (minimum: number, hint: string): Rule<number | null> => ({
  holds: (value) => value === null || value >= minimum,
  why: minimum === 0 ? "must not be negative" : `must be ${minimum} or more`,
  hint,
})

/** `why` goes on after "must be greater than 0". */
export const above0 = (hint: string, why = ""): Rule<number | null> => ({
  holds: (value) => value === null || value > 0,
  why: `must be greater than 0${why}`,
  hint,
})

export const trainsNothing = ": at this rate nothing is trained"

/** A step moves a weight by about its rate; below this no picture shows it, however many steps there are. */
const leastRate = 1e-9

export const notTooLow: Rule<number> = {
  holds: (rate) => rate === 0 || rate >= leastRate,
  why: "is so low that nothing comes of it",
  hint: "Usual values are 1e-5 to 1e-3",
  severity: "warning",
}

export const isFraction = (value: number): boolean => value >= 0 && value <= 1
