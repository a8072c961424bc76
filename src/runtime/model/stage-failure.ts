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

/**
 * A stage could not do its work, and says so in four sentences: what failed, where, why, and what to do. Thrown or failed with, it is
 * shown as it is, without a stack.
 *
 * @example
 * throw new StageFailure({
 *   what: "the picture cannot be read",
 *   where: key,
 *   why: "the file ends early",
 *   hint: "Save it again from a picture program",
 *   kind: "input",
 * })
 */
export class StageFailure extends Schema.TaggedError<StageFailure>()("StageFailure", {
  /** What failed. */
  what: Schema.String,
  /** File, field or item. */
  where: Schema.String,
  why: Schema.String,
  /** What to do about it. */
  hint: Schema.String,
  /** "input": the user can mend it in the pipeline file or the files it reads. "work": the stage itself went wrong. */
  kind: FailureKind,
  /** What was thrown, for `--verbose`; absent when the stage failed in words of its own. */
  cause: Schema.optionalKey(Schema.Defect()),
}) {
  override get message(): string {
    return `${this.what} (${this.where}): ${this.why}`
  }
}

/** The stage ended early on request and kept what it had done. No error: the same run goes on from there. */
export class StageStopped extends Schema.TaggedError<StageStopped>()("StageStopped", {
  /** So many of `of` `unit`s are done: 120 of 300 steps. */
  done: Schema.Finite,
  of: Schema.Finite,
  unit: Schema.String,
  /** How to go on. */
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
  /** What is wrong with it. */
  readonly why: string
  /** What to do about it. */
  readonly hint: string
  readonly severity: "error" | "warning"
  /** Label of the stage to tell it at, where another stage than the one that found it has to change. */
  readonly label?: string
}
