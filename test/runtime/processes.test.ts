/** Real processes: killed in the middle of a run, and two at once on one cache. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeProject, type Project } from "./project.ts"

const program = fileURLToPath(new URL("run-in-process.ts", import.meta.url))

interface Running {
  readonly process: ChildProcessWithoutNullStreams
  /** The rest of the next line that starts like this. */
  readonly line: (start: string) => Promise<string>
  readonly ended: Promise<void>
}

const start = (project: Project, ...args: readonly string[]): Running => {
  const child = spawn(process.execPath, [program, project.root, ...args])
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line)
    wake()
  })
  let errors = ""
  child.stderr.on("data", (chunk) => {
    errors += String(chunk)
  })
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      hasEnded = true
      wake()
      resolve()
    })
  })
  const line = (start: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find((line) => line.startsWith(start))
        if (found === undefined && !hasEnded) return
        waiting.delete(look)
        if (found === undefined) reject(new Error(`the process ended without saying "${start}": ${errors}`))
        else resolve(found.slice(start.length).trim())
      }
      waiting.add(look)
      look()
    })
  return { process: child, line, ended }
}

const callsOf = ({ root }: Project): readonly string[] => {
  const file = path.join(root, "calls")
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : []
}

const twelve = Array.from({ length: 12 }, (_, index) => `n${index}`)

/** What a run says that nothing disturbs. */
let expected = ""

beforeAll(() =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const project = yield* makeProject
        expected = yield* Effect.promise(() => start(project).line("result"))
      }),
    ),
  ),
)

describe("a run whose process is killed", () => {
  it.live("goes on where it was, and ends in the same results as one that was not", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const first = start(project, "n7")
      yield* Effect.promise(() => first.line("reached"))
      first.process.kill("SIGKILL")
      yield* Effect.promise(() => first.ended)
      expect(callsOf(project)).toEqual(twelve.slice(0, 7))
      const result = yield* Effect.promise(() => start(project).line("result"))
      expect(result).toBe(expected)
      expect(callsOf(project)).toEqual([...twelve, "sum"])
    }),
  )
})

describe("two processes on one cache", () => {
  it.live("compute every item once between them, and end in the same results", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const holder = start(project, "n3")
      yield* Effect.promise(() => holder.line("reached"))
      const waiter = start(project)
      yield* Effect.promise(() => waiter.line("waiting n3"))
      holder.process.stdin.write("go on\n")
      const results = yield* Effect.promise(() => Promise.all([holder.line("result"), waiter.line("result")]))
      expect(results).toEqual([expected, expected])
      expect([...callsOf(project)].sort()).toEqual([...twelve, "sum"].sort())
    }),
  )

  it.live("go on without the one that is killed, with nothing to unlock", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const holder = start(project, "n3")
      yield* Effect.promise(() => holder.line("reached"))
      const waiter = start(project)
      yield* Effect.promise(() => waiter.line("waiting n3"))
      holder.process.kill("SIGKILL")
      expect(yield* Effect.promise(() => waiter.line("result"))).toBe(expected)
      expect([...callsOf(project)].sort()).toEqual([...twelve, "sum"].sort())
    }),
  )
})
