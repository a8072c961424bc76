/** A child process that a test talks to line by line; it is killed with the test's scope. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as os from "node:os"
import * as path from "node:path"
import * as readline from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"

export interface Child {
  readonly pid: number
  readonly tell: (line: string) => Effect.Effect<void>
  /** Waits for a line that starts with these words and gives the rest of it; lines that start otherwise can still be heard. */
  readonly hear: (words: string) => Effect.Effect<string>
  /** The signal it died of, or its exit code. */
  readonly end: Effect.Effect<NodeJS.Signals | number>
}

const program = fileURLToPath(new URL("computing-child.ts", import.meta.url))

// Children load the same modules again and again; compiled ones are kept for the next child.
const env = { ...process.env, NODE_COMPILE_CACHE: path.join(os.tmpdir(), "loom-test-compile-cache") }

export const computingChild = (folder: string, ...flags: readonly string[]): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, folder, ...flags], { stdio: ["pipe", "pipe", "inherit"], env }),
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL")),
    ),
    (child) => {
      const ended = new Promise<NodeJS.Signals | number>((resolve) =>
        child.once("exit", (code, signal) => resolve(signal ?? code ?? -1)),
      )
      child.stdin.on("error", () => {})
      const unheard: string[] = []
      const output = readline.createInterface({ input: child.stdout })
      output.on("line", (line) => void unheard.push(line))
      const hear = async (words: string): Promise<string> => {
        for (;;) {
          const at = unheard.findIndex((line) => line.startsWith(words))
          if (at >= 0) return (unheard.splice(at, 1)[0] ?? "").slice(words.length)
          if (child.exitCode !== null) throw new Error(`the child ended before it said "${words}"`)
          await Promise.race([once(output, "line"), once(output, "close")])
        }
      }
      return {
        pid: child.pid ?? 0,
        tell: (line) => Effect.sync(() => void child.stdin.write(`${line}\n`)),
        hear: (words) => Effect.promise(() => hear(words)),
        end: Effect.promise(() => ended),
      }
    },
  )
