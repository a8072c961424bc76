/** What code of others may do to the process that runs it: end it, leave it waiting, throw where nobody waits. The exit code tells the truth. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ending, loom, makeFolder } from "./shell.ts"

const head = `
import { exit } from "node:process"
import { itemStage, pipeline, source, stage } from "lora-loom"
import { Effect, Schema } from "effect"
const code = import.meta.url
const Params = Schema.Struct({ how: Schema.String })
`

/** A stage that does what its parameter names, and one beside it that takes longer. */
const file = (ways: string) => `${head}
const ways = {${ways}}
const odd = stage({ name: "odd", code, params: Params, wires: {}, output: Schema.Int, run: ({ params }) => ways[params.how]() })
const beside = stage({ name: "beside", code, wires: {}, output: Schema.Int, run: () => Effect.as(Effect.sleep("1 second"), 1) })
const after = stage({ name: "after", code, wires: { beside: Schema.Int }, output: Schema.Int, run: () => 2 })
export default pipeline("odd", { params: Params, defaults: { how: "none" } }, ({ how }) =>
  [after({ beside: beside() }), odd({ how })])
`

const stages = {
  "exits.ts": file(`
    "calls process.exit(0)": () => process.exit(0),
    "calls it after a while": async () => { await new Promise((settle) => setTimeout(settle, 50)); process.exit(0) },
    "calls it by a name of its own": () => exit(0),
    "throws an error without words": () => { throw new Error("") },
    "never settles": () => new Promise(() => {}),
    "never resumes": () => Effect.never,
    "never resumes, whoever asks": () => Effect.uninterruptible(Effect.never),
  `),
  "strays.ts": file(`
    "throws in a timer": () => { setTimeout(() => { throw new Error("by the way") }, 100); return 1 },
    "exits in a timer": () => { setTimeout(() => process.exit(0), 100); return 1 },
    "leaves a rejected promise": () => { void Promise.reject(new Error("by the way")); return 1 },
    "rejects with no error": () => { void Promise.reject("by the way"); return 1 },
    "throws again and again": () => { const timer = setInterval(() => { if (count++ > 90) clearInterval(timer); throw new Error("by the way") }, 1); return 1 },
  } \nlet count = 0\nconst more = {`),
}

const files: Readonly<Record<string, string>> = {
  "exit-top.ts": "process.exit(0)\nexport default 1",
  "never-top.ts": "await new Promise(() => {})\nexport default 1",
  "exit-wiring.ts": `${head}export default pipeline("w", () => { process.exit(0); return [] })`,
  "exit-source.ts": `${head}
const read = source({ name: "read", code, output: Schema.Int, read: () => process.exit(0) })
const one = stage({ name: "one", code, wires: { n: Schema.Int }, output: Schema.Int, run: () => 1 })
export default pipeline("w", () => one({ n: read() }))`,
  "never-source.ts": `${head}
const read = source({ name: "read", code, output: Schema.Int, read: () => new Promise(() => {}) })
const one = stage({ name: "one", code, wires: { n: Schema.Int }, output: Schema.Int, run: () => 1 })
export default pipeline("w", () => one({ n: read() }))`,
  "stray-top.ts": `${head}
setTimeout(() => { throw new Error("by the way") }, 1)
const one = stage({ name: "one", code, wires: {}, output: Schema.Int, run: () => Effect.as(Effect.sleep("300 millis"), 1) })
export default pipeline("w", () => one())`,
  "at-exit.ts": `${head}
process.on("exit", () => { process.exitCode = 0 })
process.on("exit", () => process.exit(0))
const one = stage({ name: "one", code, wires: {}, output: Schema.Int, run: () => { throw new Error("no") } })
export default pipeline("w", () => one())`,
}

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({ ...stages, ...files }))
})
afterAll(() => close())

const waysIn = (file: keyof typeof stages) =>
  [...stages[file].matchAll(/^ {4}"([^"]+)": /gm)].map(([, how]) => how as string)

/** What became of a run, by stage. */
const statesOf = (stdout: string): Readonly<Record<string, string>> => {
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; label?: string })
  return Object.fromEntries(
    lines.flatMap(({ type, label }) => (label !== undefined && /finished|failed/.test(type) ? [[label, type]] : [])),
  )
}

const run = (file: string, how: string, ...more: readonly string[]) =>
  loom(folder, "run", file, "--set", `how=${how}`, "--cache", how, ...more)

describe("a stage that", () => {
  it.each(waysIn("exits.ts"))("%s fails alone, in a sentence and with code 1", async (how) => {
    const ended = await run("exits.ts", how)
    expect(ended.stderr).toMatch(/^✓ beside/m)
    expect(ended.stderr).not.toMatch(/^\s+at |Warning:|[Mm]istake in Loom/m)
    const isNamed = how !== "never resumes, whoever asks"
    expect(ending(ended)).toEqual({ code: 1, errors: [isNamed ? "odd" : "loom"], warnings: [] })
    // What was done beside it is kept.
    const again = await loom(folder, "plan", "exits.ts", "--json", "--set", `how=${how}`, "--cache", how)
    const { stages } = JSON.parse(again.stdout) as { stages: { label: string; state: string }[] }
    expect(stages.find(({ label }) => label === "beside")).toMatchObject({ state: "restored" })
  })

  it.each(waysIn("strays.ts"))("%s is told where, the run goes on, and its code is 1", async (how) => {
    const { code, stdout, stderr } = await run("strays.ts", how, "--json")
    expect(statesOf(stdout)).toEqual({ odd: "stage-finished", beside: "stage-finished", after: "stage-finished" })
    const last = JSON.parse(stdout.trim().split("\n").at(-1)!) as { troubles: { where: string; why: string }[] }
    expect(last).toMatchObject({ type: "error", exitCode: 1, troubles: { length: 1 } })
    if (how !== "rejects with no error") expect(last.troubles[0]!.where).toMatch(/strays\.ts:\d+$/)
    expect(last.troubles[0]!.why).toMatch(/by the way|process\.exit\(0\)/)
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" })
  })
})

describe("a pipeline file that", () => {
  it.each([
    ["exits while it is read", "exit-top.ts", 3, "exit-top.ts:1"],
    ["awaits what never comes", "never-top.ts", 3, "never-top.ts"],
    ["exits while it is wired", "exit-wiring.ts", 3, "exit-wiring.ts:7"],
    ["exits in a source", "exit-source.ts", 3, "read.read"],
    ["waits in a source for what never comes", "never-source.ts", 3, "read"],
    ["throws in a timer", "stray-top.ts", 1, "stray-top.ts:8"],
    ["changes the exit code at the end", "at-exit.ts", 1, "one"],
  ])("%s fails with a sentence", async (_, file, code, place) => {
    const ended = await loom(folder, "run", file, "--cache", `of ${file}`)
    expect(ending(ended)).toEqual({ code, errors: [place], warnings: [] })
    expect(ended.stderr).not.toMatch(/^\s+at |Warning:/m)
  })

  it("waits for what never comes fails loom plan too, as a line of JSON", async () => {
    const { code, stdout, stderr } = await loom(folder, "plan", "never-top.ts", "--json")
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" })
    expect(JSON.parse(stdout)).toMatchObject({ type: "error", exitCode: 3 })
  })
})
