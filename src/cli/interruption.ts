/**
 * What Ctrl-C means: the first asks the work at hand to finish its step and save, the second ends everything at once.
 *
 * A command that can stop softly says so with `onFirst`; for the others the first Ctrl-C is the end.
 */
const controller = new AbortController()
let stopSoftly: (() => void) | undefined

const onSignal = (): void => {
  const soft = stopSoftly
  stopSoftly = undefined
  if (soft === undefined) controller.abort()
  else soft()
}

process.on("SIGINT", onSignal)
process.on("SIGTERM", onSignal)

interface Interruption {
  /** Aborted when everything shall end at once. */
  readonly signal: AbortSignal
  /** What the first Ctrl-C does instead of ending everything. */
  readonly onFirst: (stop: () => void) => void
}

export const interruption: Interruption = {
  signal: controller.signal,
  onFirst: (stop) => {
    stopSoftly = stop
  },
}
