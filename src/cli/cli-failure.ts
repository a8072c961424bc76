/**
 * How a command ends when it does not end well: the sentences for the user, and the exit code.
 *
 *   0 done · 1 the work failed · 2 wrong usage · 3 the pipeline or its input is invalid · 4 would change · 130 interrupted
 */
import { Data } from "effect"

export type ExitCode = 1 | 2 | 3 | 4 | 130

/** One thing that went wrong. */
export interface Trouble {
  /** What it is about: a stage, a field, a file. */
  readonly where: string
  readonly why: string
  readonly hint: string
  readonly severity: "error" | "warning"
  /** The stack or the thrown value, shown with `--verbose`. */
  readonly detail?: string
}

export class CliFailure extends Data.TaggedError("CliFailure")<{
  readonly exitCode: ExitCode
  readonly troubles: readonly Trouble[]
}> {
  /** For what has been said already. */
  static readonly told = (exitCode: ExitCode): CliFailure => new CliFailure({ exitCode, troubles: [] })

  static readonly one = (exitCode: ExitCode, trouble: Omit<Trouble, "severity">): CliFailure =>
    new CliFailure({ exitCode, troubles: [{ ...trouble, severity: "error" }] })
}
