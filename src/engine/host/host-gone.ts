/**
 * What the end of a host process means: that it had not begun yet, or a failure in words that blame what may be to blame.
 */
import { type EngineFailure, workFailure } from "../jobs/engine-failure.ts"
import { ignoredSignals } from "../jobs/ignored-signals.ts"

export interface HostGone {
  readonly kind: "gone"
  /** "it was ended by SIGKILL" */
  readonly how: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How Windows says that Ctrl-C or the closing of a console ended a process: STATUS_CONTROL_C_EXIT. */
const endedByConsole = 0xc000013a

/** A signal that a host ignores can only have met it before its first line: it had not begun its job, and another may do it. */
export const hadNotBegun = ({ code, signal }: HostGone): boolean =>
  signal === null ? code === endedByConsole : ignoredSignals.includes(signal)

/** What a processor or a system does to a program that does wrong. */
const faults: readonly NodeJS.Signals[] = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS"]

/** How a system takes memory back, and how a program ends that gets none. Where there is only a code, nobody knows. */
const mayLackMemory = ({ signal }: HostGone): boolean => signal === null || signal === "SIGKILL" || signal === "SIGABRT"

const hintFor = (gone: HostGone): string => {
  if (mayLackMemory(gone)) return "If memory ran out, choose smaller pictures or close other programs; then run again"
  if (gone.signal !== null && faults.includes(gone.signal))
    return "This is a fault in the engine, or a file of the base model changed while it was read; run again, and report it if it comes back"
  return "Another program or person ended it; run the same command again to go on from what was saved"
}

export const hostGoneFailure = (gone: HostGone, lastWords: string): EngineFailure =>
  workFailure(
    "the engine's process ended",
    lastWords === "" ? gone.how : `${gone.how}, with the words: ${lastWords}`,
    hintFor(gone),
  )
