/** What is wrong with a sweep as it is written, in sentences; told before anything runs. */
import type { Problem } from "../model/stage-failure.ts"

export type SweepProblem = Omit<Problem, "label">

export const wrong = (field: string, why: string, hint: string): SweepProblem => ({
  field,
  why,
  hint,
  severity: "error",
})

export const warned = (field: string, why: string, hint: string): SweepProblem => ({
  field,
  why,
  hint,
  severity: "warning",
})
