/** Runs the `loom` program as a user would, in a folder of its own, and gives what it printed and how it ended. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const bin = resolve(import.meta.dirname, "../../src/cli/bin.js")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Loom {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when the text has been printed on either stream. */
  readonly printed: (text: string) => Promise<void>
}

export interface ShellOptions {
  /** Arguments for Node itself. */
  readonly node?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Makes it the first of a process group of its own, which a signal to `-pid` reaches as a whole. */
  readonly leadsGroup?: boolean
}

export const startLoom = (
  cwd: string,
  args: readonly string[],
  { node = [], env = {}, leadsGroup = false }: ShellOptions = {},
): Loom => {
  // The test runner's own settings would change what the program prints.
  const { FORCE_COLOR: _force, NODE_OPTIONS: _options, ...inherited } = process.env
  const child = spawn(process.execPath, [...node, bin, ...args], {
    cwd,
    detached: leadsGroup,
    env: { ...inherited, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  const waiting: (() => void)[] = []
  const look = () => {
    for (const check of waiting) check()
  }
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    look()
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
    look()
  })
  const ended = new Promise<Ended>((settle) => {
    child.on("close", (code, signal) => settle({ code, signal, stdout, stderr }))
  })
  const printed = (text: string) =>
    new Promise<void>((settle, fail) => {
      const check = () => (stdout + stderr).includes(text) && settle()
      waiting.push(check)
      check()
      void ended.then(() => fail(new Error(`ended without printing "${text}":\n${stdout}${stderr}`)))
    })
  return { child, ended, printed }
}

export const loom = (cwd: string, ...args: readonly string[]): Promise<Ended> => startLoom(cwd, args).ended

/** How a command ended, as data: its exit code, and what each of its errors and warnings is about (a sentence without a place is about nothing). */
export const ending = ({ code, stderr }: Ended) => ({
  code,
  errors: placesOf("error", stderr),
  warnings: placesOf("warning", stderr),
})

const placesOf = (severity: "error" | "warning", stderr: string): readonly string[] =>
  [...stderr.matchAll(new RegExp(`^${severity}: (?:([^ ].*?): )?`, "gm"))].map(([, place = ""]) => place)

/** A folder with files, by name; `close` takes it away. */
export const makeFolder = (files: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(join(tmpdir(), "loom-cli-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A pipeline of two small stages of its own; it needs no model. */
export const greeting = `
import { pipeline, stage, Blob, StageContext, StageFailure } from "lora-loom"
import { Effect, Schema } from "effect"

const greet = stage({
  name: "greet",
  code: import.meta.url,
  params: Schema.Struct({ name: Schema.String }),
  wires: {},
  output: Schema.Struct({ text: Schema.String }),
  check: ({ name }) => name === "" ? [{ field: "name", why: "is empty", hint: "Give one", severity: "error" }] : [],
  run: ({ params }) => params.name === "nobody"
    ? Effect.fail(new StageFailure({ what: "greeting", where: params.name, why: "nobody is there", hint: "Greet somebody", kind: "work" }))
    : Effect.succeed({ text: "Hello " + params.name }),
})
const write = stage({
  name: "write",
  code: import.meta.url,
  params: Schema.Struct({}),
  wires: { greeting: Schema.Struct({ text: Schema.String }) },
  output: Schema.Struct({ file: Blob }),
  artifacts: ({ output }) => [{ path: "greeting.txt", blob: output.file, label: "greeting" }],
  run: Effect.fnUntraced(function* (inputs) {
    const { blobs } = yield* StageContext
    return { file: yield* blobs.put(new TextEncoder().encode(inputs.greeting.text)) }
  }),
})

export default pipeline("greeting", {
  params: Schema.Struct({ name: Schema.String, times: Schema.Int }),
  defaults: { name: "Ada", times: 1 },
}, (p) => write({ greeting: greet({ name: p.name }) }))
`
