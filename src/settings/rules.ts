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

export const isFraction = (value: number): boolean => value >= 0 && value <= 1
