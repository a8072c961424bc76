/**
 * How a command ends when it does not end well: the sentences for the user, and the exit code.
 *
 *   0 done · 1 the work failed · 2 wrong usage · 3 the pipeline or its input is invalid · 4 would change · 128 + N ended by signal N: 130, 143, 129
 */
import { Data } from "effect"
import type { Trouble } from "../../tools/troubles.ts"
import type { InterruptedCode } from "./interruption.ts"

export type ExitCode = 1 | 2 | 3 | 4 | InterruptedCode

export class CliFailure extends Data.TaggedError("CliFailure")<{
  readonly exitCode: ExitCode
  readonly troubles: readonly Trouble[]
}> {
  /** For what has been said already. */
  static readonly told = (exitCode: ExitCode): CliFailure => new CliFailure({ exitCode, troubles: [] })

  static readonly one = (exitCode: ExitCode, trouble: Omit<Trouble, "severity">): CliFailure =>
    new CliFailure({ exitCode, troubles: [{ ...trouble, severity: "error" }] })
}
