/**
 * One host process as its parent sees it: started, spoken to, listened to, killed.
 *
 * Computing lives in child processes because a run of ONNX Runtime blocks its thread, cannot be cancelled, and takes
 * the whole process along when its worker thread is killed. A child can simply be killed.
 */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, Queue } from "effect"
import type { FromHost, ToHost } from "../jobs/host-protocol.ts"
import type { HostGone } from "./host-gone.ts"

export interface HostProcess {
  /** What it says, in order; its end is the last message. */
  readonly messages: Queue.Dequeue<FromHost | HostGone>
  readonly tell: (message: ToHost) => Effect.Effect<void>
  readonly isAlive: () => boolean
  readonly kill: () => void
  /** The last line it wrote to stderr: the words of a crash. */
  readonly lastWords: () => string
}

/** Freed blocks of a MiB and more go back to the system at once; otherwise a released session's memory stays. */
const allocatorSettings = { MALLOC_MMAP_THRESHOLD_: "1048576", MALLOC_TRIM_THRESHOLD_: "1048576" }

/**
 * The program lies beside this file, as source or built. Both names are spelled out: a computed one would be invisible to
 * the digest of the code that trains.
 */
const hostProgram = (): URL =>
  import.meta.url.endsWith(".ts") ? new URL("./host.ts", import.meta.url) : new URL("./host.js", import.meta.url)

const forkHost = (): ChildProcess =>
  fork(fileURLToPath(hostProgram()), {
    execArgv: [],
    env: { ...process.env, ...allocatorSettings },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  })

const running = new Set<ChildProcess>()

/** Busy in native code it would notice only after a while that its parent has gone. */
const killAll = (): void => {
  for (const child of running) child.kill("SIGKILL")
}

/** From its start to its end among those that this process takes along when it exits. */
const takeAlong = (child: ChildProcess): void => {
  if (running.size === 0) process.once("exit", killAll)
  running.add(child)
  const leave = (): void => {
    running.delete(child)
    if (running.size === 0) process.off("exit", killAll)
  }
  child.once("exit", leave)
  child.once("error", leave)
}

export const startHostProcess: Effect.Effect<HostProcess> = Effect.gen(function* () {
  const messages = yield* Queue.unbounded<FromHost | HostGone>()
  const child = forkHost()
  takeAlong(child)
  let words = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-2000)
  })
  child.on("message", (message) => Queue.offerUnsafe(messages, message as FromHost))
  child.on("error", (error) =>
    Queue.offerUnsafe(messages, { kind: "gone", how: error.message, code: null, signal: null }),
  )
  // "close" comes after the last of stderr, unlike "exit".
  child.on("close", (code, signal) => {
    const how = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`
    Queue.offerUnsafe(messages, { kind: "gone", how, code, signal })
  })
  return {
    messages,
    tell: (message) =>
      Effect.sync(() => {
        // The callback swallows the error of a channel that has closed; "close" reports it in words.
        child.send(message, () => {})
      }),
    isAlive: () => child.connected,
    kill: () => {
      child.kill("SIGKILL")
    },
    lastWords: () => words.trim().split("\n").at(-1) ?? "",
  }
})
