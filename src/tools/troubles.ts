/** What the runtime reports as wrong, as the sentences that people and programs are told. */
import type { StageProblem } from "../runtime/define/pipeline-graph.ts"
import type { StageFailure } from "../runtime/model/stage-failure.ts"
import type { StorageFailure } from "../runtime/model/storage-failure.ts"
import type { FailureAt } from "../runtime/run/run-outcome.ts"

/** One thing that went wrong, or looks wrong. */
export interface Trouble {
  /** What it is about: a stage, a field, a file. */
  readonly where: string
  /** What is wrong with it. */
  readonly why: string
  /** What to do about it. */
  readonly hint: string
  /** A warning ends nothing. */
  readonly severity: "error" | "warning"
  /** The stack or the thrown value; absent when it was told in words from the start. */
  readonly detail?: string
}

const detailOf = (cause: unknown): Pick<Trouble, "detail"> => {
  if (cause === undefined) return {}
  return { detail: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }
}

export const fromStageFailure = (failure: StageFailure): Trouble => ({
  where: failure.where,
  why: failure.what === "" ? failure.why : `${failure.what}: ${failure.why}`,
  hint: failure.hint,
  severity: "error",
  ...detailOf(failure.cause),
})

/** A parameter reads as "train.steps"; a file or item stands behind its stage. */
const placeOf = ({ label, field }: { readonly label: string; readonly field: string }): string => {
  if (field === "") return label
  return /^[\w.]+$/.test(field) && !field.includes("/") && !/\.\w{2,4}$/.test(field)
    ? `${label}.${field}`
    : `${label}: ${field}`
}

export const fromProblem = (problem: StageProblem): Trouble => ({
  where: placeOf(problem),
  why: problem.why,
  hint: problem.hint,
  severity: problem.severity,
})

/** A failure that does not name its stage and item itself gets them in front. */
export const fromFailureAt = ({ speaker, item, failure }: FailureAt): Trouble => {
  const trouble = fromStageFailure(failure)
  if (failure.where === speaker || failure.where.startsWith(`${speaker}: `)) return trouble
  const isItem = item === undefined || failure.where.includes(item)
  return { ...trouble, where: [speaker, ...(isItem ? [] : [item]), failure.where].filter(Boolean).join(": ") }
}

export const fromStorageFailure = ({ what, where, why, hint }: StorageFailure): Trouble => ({
  where,
  why: `${what}: ${why}`,
  hint,
  severity: "error",
})
