/** Reads the command line, does what it says, and ends the process with the right exit code. */
import { setImmediate } from "node:timers/promises"
import { Cause, Effect, Exit } from "effect"
import { loomVersion } from "../stages/training/loom-version.ts"
import { runCommandLine } from "./command-line.ts"
import { commands } from "./commands.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { interruption } from "./ending/interruption.ts"
import { outliveStreams, resultsTaken } from "./ending/standard-streams.ts"
import { showFailure } from "./show-failure.ts"
import { type Manner, typedManner } from "./typed-options.ts"

const program = {
  name: "loom",
  job: "Train LoRA adapters for Stable Diffusion from a pipeline file; change anything, and only that is computed again",
  version: loomVersion,
  examples: ["loom run pipelines/03-quickstart.ts", "loom plan pipelines/03-quickstart.ts --set steps=300"],
  commands,
}

const exitCodeOf = (exit: Exit.Exit<void, CliFailure>, manner: Manner): number => {
  if (interruption.signal.aborted) return interruption.exitCode()
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return interruption.exitCode()
  const error = Cause.squash(exit.cause)
  const failure = error instanceof CliFailure ? error : unexpected(error)
  showFailure(failure, manner)
  return failure.exitCode
}

/** Lost results turn what went well into a failure; it is told on stderr, whatever was asked for. */
const exitCodeOnceTaken = async (exitCode: number, manner: Manner): Promise<number> => {
  const lost = await resultsTaken()
  if (lost === undefined) return exitCode
  const { what, where, why, hint } = lost
  const failure = CliFailure.one(1, { where, why: `${what} failed: ${why}`, hint })
  showFailure(failure, { ...manner, json: false })
  return exitCode === 0 || exitCode === 4 ? failure.exitCode : exitCode
}

const unexpected = (error: unknown): CliFailure =>
  CliFailure.one(1, {
    where: "loom",
    why: `something unforeseen happened: ${error instanceof Error ? error.message : String(error)}`,
    hint: "This is a mistake in Loom; run again with --verbose and report what it says",
    detail: error instanceof Error ? (error.stack ?? "") : String(error),
  })

export const main = async (args: readonly string[]): Promise<never> => {
  outliveStreams()
  // Without a command there is nothing to do but to say what there is.
  const line = args.length === 0 ? ["--help"] : args
  const manner = typedManner(args)
  const exit = await Effect.runPromiseExit(runCommandLine(program, line), { signal: interruption.signal })
  // A signal that came while the event loop was busy is heard now: one turn ends, the next one looks for it.
  await setImmediate()
  await setImmediate()
  process.exit(await exitCodeOnceTaken(exitCodeOf(exit, manner), manner))
}
