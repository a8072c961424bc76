/** Reads the command line, does what it says, and ends the process with the right exit code. */
import { Cause, Effect, Exit } from "effect"
import { loomVersion } from "../stages/training/loom-version.ts"
import { CliFailure } from "./cli-failure.ts"
import { runCommandLine } from "./command-line.ts"
import { commands } from "./commands.ts"
import { interruption } from "./interruption.ts"
import { showFailure } from "./show-failure.ts"

const program = {
  name: "loom",
  job: "Train LoRA adapters for Stable Diffusion from a pipeline file; change anything, and only that is computed again",
  version: loomVersion,
  examples: ["loom run pipelines/03-quickstart.ts", "loom plan pipelines/03-quickstart.ts --set steps=300"],
  commands,
}

/** A reader that closes its end of the pipe, such as `head`, has seen enough. */
const endWithReader = (): void => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0)
  })
}

const exitCodeOf = (exit: Exit.Exit<void, CliFailure>, args: readonly string[]): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return 130
  const error = Cause.squash(exit.cause)
  const failure = error instanceof CliFailure ? error : unexpected(error)
  showFailure(failure, args)
  return failure.exitCode
}

const unexpected = (error: unknown): CliFailure =>
  CliFailure.one(1, {
    where: "loom",
    why: `something unforeseen happened: ${error instanceof Error ? error.message : String(error)}`,
    hint: "This is a mistake in Loom; run again with --verbose and report what it says",
    detail: error instanceof Error ? (error.stack ?? "") : String(error),
  })

export const main = async (args: readonly string[]): Promise<never> => {
  endWithReader()
  // Without a command there is nothing to do but to say what there is.
  const line = args.length === 0 ? ["--help"] : args
  const exit = await Effect.runPromiseExit(runCommandLine(program, line), { signal: interruption.signal })
  process.exit(exitCodeOf(exit, args))
}
