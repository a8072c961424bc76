/** What stands on stdout: results alone and whole, and with `--json` every failure too. */
import { spawnSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loom, makeFolder, startLoom } from "./shell.ts"

/** Prints wherever code of a user runs. */
const chatty = `
import { pipeline, source, stage } from "lora-loom"
import { Schema } from "effect"
import { log } from "node:console"

console.log("at the top")
process.stdout.write("without a line's end")
const code = import.meta.url
const read = source({ name: "read", code, output: Schema.Int, read: () => { console.info("while reading"); return 1 } })
const speak = stage({ name: "speak", code, wires: { n: Schema.Int }, output: Schema.Int, run: ({ n }) => {
  console.log("in the stage")
  console.table([{ n }])
  log("by a name of its own")
  return n
} })
export default pipeline("chatty", () => { console.debug("while wiring"); return speak({ n: read() }) })
`

const many = `
import { pipeline, stage } from "lora-loom"
import { Schema } from "effect"

const s = stage({ name: "s", code: import.meta.url, params: Schema.Struct({ n: Schema.Int }), wires: {}, output: Schema.Int,
  run: ({ params }) => params.n })
export default pipeline("many", () => Array.from({ length: 2000 }, (_, n) => s({ n })))
`

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({ "chatty.ts": chatty, "many.ts": many, "broken.ts": "export default 1 +" }))
})
afterAll(() => close())

const linesOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type?: string })

describe("what a pipeline file and its stages print", () => {
  it.each(["plan", "explain", "run"])("goes to stderr in loom %s", async (command) => {
    const { code, stdout, stderr } = await loom(folder, command, "chatty.ts", "--json", "--cache", command)
    expect(code).toBe(0)
    expect(linesOf(stdout).length).toBeGreaterThan(0)
    for (const words of ["at the top", "without a line's end", "while reading", "while wiring"]) {
      expect(stderr).toContain(words)
    }
  })

  it("goes to stderr from a stage at work, and where a run is shown to people", async () => {
    const { stdout, stderr } = await loom(folder, "run", "chatty.ts", "--cache", "people")
    expect(stdout).toBe("")
    for (const words of ["in the stage", "│ n", "by a name of its own"]) expect(stderr).toContain(words)
  })
})

describe("a failure with --json", () => {
  it.each([
    [2, "plan"],
    [2, "run", "many.ts", "--nope"],
    [2, "run", "many.ts", "--cores", "none"],
    [2, "nothing"],
    [2, "log", "--cache", "nowhere"],
    [2, "plan", "chatty.ts", "--set", "a=1"],
    [3, "run", "missing.ts"],
    [3, "plan", "broken.ts"],
    [3, "show", "missing.safetensors"],
  ])("is a line of JSON with exit code %d: loom %s %s", async (exitCode, ...line) => {
    const { code, stdout, stderr } = await loom(folder, ...line.map(String), "--json")
    expect(linesOf(stdout)).toMatchObject([{ version: 1, type: "error", exitCode, troubles: [{ severity: "error" }] }])
    expect(code).toBe(exitCode)
    expect(stderr).not.toContain("error")
  })
})

/** Leaves what is printed in the pipe for a while, which holds 64 KB. */
const slowly = async (...line: readonly string[]) => {
  const running = startLoom(folder, [...line, "--json"])
  running.child.stdout?.pause()
  setTimeout(() => running.child.stdout?.resume(), 1500)
  return running.ended
}

describe("a slow reader gets everything from", () => {
  it("loom plan and loom explain", async () => {
    const plan = await slowly("plan", "many.ts", "--cache", "none")
    expect(JSON.parse(plan.stdout).stages).toHaveLength(2000)
    const explained = await slowly("explain", "many.ts", "--cache", "none")
    expect(explained.stdout.length).toBeGreaterThan(500_000)
    expect(linesOf(explained.stdout).length).toBeGreaterThan(0)
  })

  it("loom run, and from loom log of it", async () => {
    const run = await slowly("run", "many.ts", "--cache", "many")
    expect(linesOf(run.stdout).filter(({ type }) => type === "stage-finished")).toHaveLength(2000)
    expect(linesOf(run.stdout).at(-1)).toMatchObject({ type: "report" })
    const log = await slowly("log", "-", "--cache", "many")
    expect(JSON.parse(log.stdout).stages).toHaveLength(2000)
  })
})

describe.runIf(spawnSync("bash", ["-c", "true"]).status === 0)("a reader that takes one line", () => {
  it("does not end a run before its end", async () => {
    const running = startLoom(folder, ["run", "many.ts", "--cache", "head", "--json"])
    running.child.stdout?.once("data", () => running.child.stdout?.destroy())
    expect((await running.ended).code).toBe(0)
    const { stdout } = await loom(folder, "log", "-", "--json", "--cache", "head")
    expect(JSON.parse(stdout)).toMatchObject({ state: "finished", stages: { length: 2000 } })
  })
})
