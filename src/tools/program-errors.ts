/**
 * How a program over a pipeline ends when it does not end well: errors as two tags, and the stop that was asked for.
 *
 * `InputError` is what the caller can mend, in the pipeline, its parameters or the files it reads; `WorkError` is everything else.
 * Both tell all that went wrong, not the first of it.
 */
import { Data } from "effect"
import type { StageFailure } from "../runtime/model/stage-failure.ts"
import type { StorageFailure } from "../runtime/model/storage-failure.ts"
import type { RunFailure, RunReport, RunStopped, StoppedStage } from "../runtime/run/run-outcome.ts"
import { fromFailureAt, fromProblem, fromStageFailure, fromStorageFailure, type Trouble } from "./troubles.ts"

interface Wrong {
  /** Everything that went wrong. */
  readonly troubles: readonly Trouble[]
  /** How far the run came; absent when it did not start. */
  readonly report?: RunReport
}

/** "train.steps: 0 must be 1 or more. Usual values are 500 to 3000." */
const sentences = ({ troubles }: Wrong): string =>
  troubles
    .map(({ where, why, hint }) => `${where === "" ? "" : `${where}: `}${why.replace(/\.$/, "")}. ${hint}`.trim())
    .join("\n")

/** Something that the caller can mend: a parameter, a wire, a file that the pipeline reads. */
export class InputError extends Data.TaggedError("InputError")<Wrong> {
  override get message(): string {
    return sentences(this)
  }
}

/** The work itself went wrong: a stage failed, the disk is full, the cache cannot be used. */
export class WorkError extends Data.TaggedError("WorkError")<Wrong> {
  override get message(): string {
    return sentences(this)
  }
}

/** The run was asked to stop. What was done is kept, and the same call goes on from there. */
export class Stopped extends Data.TaggedError("Stopped")<{
  /** The stages that were stopped at work, and how far they came. */
  readonly stopped: readonly StoppedStage[]
  /** The labels of the stages that had not begun. */
  readonly notStarted: readonly string[]
  /** How far the run came. */
  readonly report: RunReport
}> {
  override get message(): string {
    return "stopped on request; what was done is kept, and the same call goes on from there"
  }
}

/** All the ways in which a run does not end well. */
export type ProgramError = InputError | WorkError | Stopped

export type RuntimeError = RunFailure | RunStopped | StageFailure | StorageFailure

const wrong = (kind: "input" | "work", values: Wrong): InputError | WorkError =>
  kind === "input" ? new InputError(values) : new WorkError(values)

/** What the runtime ends with, in the words of a program's caller. */
export const programError = (error: RuntimeError): ProgramError => {
  switch (error._tag) {
    case "RunFailure": {
      const errors = error.problems.filter(({ severity }) => severity === "error").map(fromProblem)
      const troubles = [...errors, ...error.failures.map(fromFailureAt)]
      return wrong(error.kind, { troubles, ...(error.report === undefined ? {} : { report: error.report }) })
    }
    case "RunStopped":
      return new Stopped({ stopped: error.stopped, notStarted: error.notStarted, report: error.report })
    case "StageFailure":
      return wrong(error.kind, { troubles: [fromStageFailure(error)] })
    case "StorageFailure":
      return new WorkError({ troubles: [fromStorageFailure(error)] })
  }
}

/** The same for what cannot be stopped. */
export const unfinishedError = (error: StageFailure | StorageFailure): InputError | WorkError =>
  programError(error) as InputError | WorkError
