/** Reads the command line, does what it says, and ends the process with the right exit code. */
import { setImmediate } from "node:timers/promises"
import { Cause, Effect, Exit } from "effect"
import { endHopelessWaits } from "../runtime/define/hopeless-waits.ts"
import { loomVersion } from "../stages/training/loom-version.ts"
import { runCommandLine } from "./command-line.ts"
import { commands } from "./commands.ts"
import { foreignPlace, wordsOf } from "./ending/blame.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { interruption } from "./ending/interruption.ts"
import { endProcess } from "./ending/process-end.ts"
import { outliveStreams, resultsTaken } from "./ending/standard-streams.ts"
import { catchStrays, strayTroubles } from "./ending/strays.ts"
import { showFailure } from "./show-failure.ts"
import { type Manner, typedManner } from "./typed-options.ts"

const program = {
  name: "loom",
  job: "Train LoRA adapters for Stable Diffusion from a pipeline file; change anything, and only that is computed again",
  version: loomVersion,
  examples: ["loom run pipelines/03-quickstart.ts", "loom plan pipelines/03-quickstart.ts --set steps=300"],
  commands,
}

/** Ends what waits for something that never comes: first the waits one by one, then all the work at once, then the process. */
const endWhatNeverEnds = (manner: Manner): AbortSignal => {
  const all = new AbortController()
  process.on("beforeExit", () => {
    // One more turn, so that it is asked again when that did not help.
    globalThis.setImmediate(() => {})
    if (endHopelessWaits()) return
    if (all.signal.aborted) {
      showFailure(neverEnds, manner)
      endProcess(neverEnds.exitCode)
    }
    all.abort()
  })
  return all.signal
}

const neverEnds = CliFailure.one(1, {
  where: "loom",
  why: "the work waits for something that never comes: nothing is left in this process that could bring it to its end",
  hint: "Look for an Effect or a promise of the pipeline that nobody ends",
})

const failureOf = (exit: Exit.Exit<void, CliFailure>, isHopeless: boolean): CliFailure | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  if (Cause.hasInterruptsOnly(exit.cause)) return isHopeless ? neverEnds : CliFailure.told(interruption.exitCode())
  const error = Cause.squash(exit.cause)
  return error instanceof CliFailure ? error : unexpected(error)
}

const exitCodeOf = (exit: Exit.Exit<void, CliFailure>, isHopeless: boolean, manner: Manner): number => {
  const failure = interruption.signal.aborted ? undefined : failureOf(exit, isHopeless)
  if (failure !== undefined) showFailure(failure, manner)
  const strays = strayTroubles()
  if (strays.length > 0) showFailure(new CliFailure({ exitCode: 1, troubles: strays }), manner)
  if (interruption.signal.aborted) return interruption.exitCode()
  const exitCode = failure?.exitCode ?? 0
  return strays.length > 0 && (exitCode === 0 || exitCode === 4) ? 1 : exitCode
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

const unexpected = (error: unknown): CliFailure => {
  const foreign = foreignPlace(error)
  return CliFailure.one(1, {
    where: foreign ?? "loom",
    why: `${foreign === undefined ? "something unforeseen happened" : "it threw"}: ${wordsOf(error)}`,
    hint:
      foreign === undefined
        ? "This is a mistake in Loom; run again with --verbose and report what it says"
        : "Correct it there; --verbose shows how it came to that",
    detail: error instanceof Error ? (error.stack ?? "") : String(error),
  })
}

export const main = async (args: readonly string[]): Promise<never> => {
  outliveStreams()
  catchStrays()
  // Without a command there is nothing to do but to say what there is.
  const line = args.length === 0 ? ["--help"] : args
  const manner = typedManner(args)
  const hopeless = endWhatNeverEnds(manner)
  const signal = AbortSignal.any([interruption.signal, hopeless])
  const exit = await Effect.runPromiseExit(runCommandLine(program, line), { signal })
  // A signal that came while the event loop was busy is heard now: one turn ends, the next one looks for it.
  await setImmediate()
  await setImmediate()
  return endProcess(await exitCodeOnceTaken(exitCodeOf(exit, hopeless.aborted, manner), manner))
}
