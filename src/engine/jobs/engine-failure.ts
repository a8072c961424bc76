/**
 * The one error of this room: what failed, why, and what to do about it, in words for the user.
 *
 * It is plain data, so that it crosses the process border between the host and its parent unchanged.
 */
import { Schema } from "effect"

export class EngineFailure extends Schema.TaggedError<EngineFailure>()("EngineFailure", {
  /** What failed: a file, a field, a step, a picture. */
  what: Schema.String,
  why: Schema.String,
  hint: Schema.String,
  /** "input": the user's files or settings; "work": the computation itself. */
  kind: Schema.Literals(["input", "work"]),
}) {
  override get message(): string {
    return `${this.what}: ${this.why}. ${this.hint}`
  }
}

export const inputFailure = (what: string, why: string, hint: string): EngineFailure =>
  new EngineFailure({ what, why, hint, kind: "input" })

export const workFailure = (what: string, why: string, hint: string): EngineFailure =>
  new EngineFailure({ what, why, hint, kind: "work" })

/** The words of anything thrown: its message, without a stack. */
export const wordsOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
