/** What the runtime reports as wrong, as the troubles a command tells. */
import type { StageProblem } from "../runtime/define/pipeline-graph.ts"
import type { StageFailure } from "../runtime/model/stage-failure.ts"
import type { StorageFailure } from "../runtime/model/storage-failure.ts"
import type { FailureAt, RunFailure, RunStopped } from "../runtime/run/run-outcome.ts"
import { CliFailure, type Trouble } from "./cli-failure.ts"

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
const fromFailureAt = ({ label, item, failure }: FailureAt): Trouble => {
  const trouble = fromStageFailure(failure)
  if (failure.where === label || failure.where.startsWith(`${label}: `)) return trouble
  const isItem = item === undefined || failure.where.includes(item)
  return { ...trouble, where: [label, ...(isItem ? [] : [item]), failure.where].join(": ") }
}

const fromStorageFailure = ({ what, where, why, hint }: StorageFailure): Trouble => ({
  where,
  why: `${what}: ${why}`,
  hint,
  severity: "error",
})

/** The end of a run that did not finish: exit code 3 when the user can mend it in files or pipeline, else 1. */
export const fromRunEnd = (error: RunFailure | RunStopped | StageFailure | StorageFailure): CliFailure => {
  switch (error._tag) {
    case "RunFailure": {
      const errors = error.problems.filter(({ severity }) => severity === "error").map(fromProblem)
      const troubles = [...errors, ...error.failures.map(fromFailureAt)]
      return new CliFailure({ exitCode: error.kind === "input" ? 3 : 1, troubles })
    }
    case "RunStopped":
      return CliFailure.told(130)
    case "StageFailure":
      return new CliFailure({ exitCode: error.kind === "input" ? 3 : 1, troubles: [fromStageFailure(error)] })
    case "StorageFailure":
      return new CliFailure({ exitCode: 1, troubles: [fromStorageFailure(error)] })
  }
}
