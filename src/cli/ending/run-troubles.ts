/** The end of a program over a pipeline, as the command that started it tells it. */
import { type ProgramError, programError, type RuntimeError } from "../../tools/program-errors.ts"
import { CliFailure } from "./cli-failure.ts"
import { interruption } from "./interruption.ts"

/** Exit code 3 when the user can mend it in files or pipeline, else 1; a stop has been told already. */
export const fromProgramError = (error: ProgramError): CliFailure => {
  switch (error._tag) {
    case "InputError":
      return new CliFailure({ exitCode: 3, troubles: error.troubles })
    case "WorkError":
      return new CliFailure({ exitCode: 1, troubles: error.troubles })
    case "Stopped":
      return CliFailure.told(interruption.exitCode())
  }
}

export const fromRunEnd = (error: RuntimeError): CliFailure => fromProgramError(programError(error))
