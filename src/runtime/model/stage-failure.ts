/**
 * How a stage says that it could not do its work: errors as data, in four sentences.
 *
 * `StageFailure` names what failed, where, why, and what to do next. `kind` is "input" when the user can mend it in
 * the pipeline file or the files it reads, and "work" when the stage itself went wrong. `StageStopped` is not an
 * error: the stage was asked to stop, saved what it had, and says how far it came. Neither is ever served from the cache.
 */
import { Schema } from "effect"

export const FailureKind = Schema.Literals(["input", "work"])
export type FailureKind = typeof FailureKind.Type

export class StageFailure extends Schema.TaggedError<StageFailure>()("StageFailure", {
  what: Schema.String,
  /** File, field or item. */
  where: Schema.String,
  why: Schema.String,
  hint: Schema.String,
  kind: FailureKind,
  /** What was thrown, for `--verbose`; absent when the stage failed in words of its own. */
  cause: Schema.optionalKey(Schema.Defect()),
}) {
  override get message(): string {
    return `${this.what} (${this.where}): ${this.why}`
  }
}

/** The stage ended early on request and kept what it had done. */
export class StageStopped extends Schema.TaggedError<StageStopped>()("StageStopped", {
  done: Schema.Finite,
  of: Schema.Finite,
  unit: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `stopped after ${this.done} of ${this.of} ${this.unit}`
  }
}

/** One thing that is wrong, or looks wrong, before any work is done. An error stops the run, a warning does not. */
export interface Problem {
  /** The parameter, input or file it is about. */
  readonly field: string
  readonly why: string
  readonly hint: string
  readonly severity: "error" | "warning"
  /** Label of the stage to tell it at, where another stage than the one that found it has to change. */
  readonly label?: string
}
