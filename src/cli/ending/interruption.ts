/**
 * What a signal means: the first asks the work at hand to finish its step and save, the second ends everything at once.
 *
 * A command that can stop softly says so with `onFirst`; for the others the first is the end. The same wish may come several times at
 * once: `timeout` and npm send it to a process and to its group, a service manager sends two signals, a terminal that closes
 * sends one itself and one through the shell. Before this file is loaded a signal ends the process by itself, and a shell sees the same
 * exit code.
 */
import { endProcess } from "./process-end.ts"

/** Exit codes as shells have them: 128 and the signal's number. SIGBREAK is Ctrl+Break on Windows, where programs send it to groups. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGBREAK: 149 } as const

type StopSignal = keyof typeof exitCodes

export type InterruptedCode = (typeof exitCodes)[StopSignal]

/** What comes so soon after the first is the same wish; nobody presses Ctrl-C twice in that time. */
const sameWishMs = 150

/** Work that does not end by then is left behind. */
const patienceMs = 500

const controller = new AbortController()
let stopSoftly: (() => void) | undefined
let first: { readonly signal: StopSignal; readonly atMs: number } | undefined

const exitCode = (): InterruptedCode => exitCodes[first?.signal ?? "SIGINT"]

const endAtOnce = (): void => {
  if (controller.signal.aborted) return
  controller.abort()
  setTimeout(() => endProcess(exitCode()), patienceMs)
}

const onSignal = (signal: StopSignal): void => {
  const nowMs = performance.now()
  const isRepeated = first !== undefined && nowMs - first.atMs < sameWishMs
  first ??= { signal, atMs: nowMs }
  // Of signals that are sent together the kernel delivers the low numbers first: SIGHUP before the SIGTERM that came before it.
  if (isRepeated && signal === "SIGTERM") first = { ...first, signal }
  const soft = stopSoftly
  stopSoftly = undefined
  if (soft !== undefined) soft()
  else if (!isRepeated) endAtOnce()
}

for (const signal of Object.keys(exitCodes) as readonly StopSignal[]) process.on(signal, () => onSignal(signal))

interface Interruption {
  /** Aborted when everything shall end at once. */
  readonly signal: AbortSignal
  /** What the first signal does instead of ending everything; nothing to save: it ends everything. */
  readonly onFirst: (stop: (() => void) | undefined) => void
  /** Of a program that ends because it was asked to. */
  readonly exitCode: () => InterruptedCode
}

export const interruption: Interruption = {
  signal: controller.signal,
  onFirst: (stop) => {
    stopSoftly = stop
  },
  exitCode,
}
