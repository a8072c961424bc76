/** What a user meets on the command line: help, exit codes, plain sentences, JSON, and finished files. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { wording } from "../rig/told.ts"
import { type Ended, ending, greeting, loom, makeFolder, startLoom } from "./shell.ts"

const files = {
  "greeting.ts": greeting,
  "throws.ts":
    'import { pipeline } from "lora-loom"\nexport default pipeline("x", () => {\n  throw new Error("no such luck")\n})\n',
  "broken.ts": 'export default pipeline("x" () => {\n',
  "nothing.ts": "export const pipeline = 1\n",
  "settings.json": "{}",
  "empty.ts": 'import { pipeline } from "lora-loom"\nexport default pipeline("empty", () => {})\n',
  "stray-import.ts": 'import x from "./nowhere.ts"\nexport default x\n',
  "early.ts": 'const settings = JSON.parse("{")\nexport default settings\n',
}

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder(files))
})
afterAll(() => close())

const run = (...args: readonly string[]) => loom(folder, ...args)
const noStack = /^\s+at /m

describe("help", () => {
  it.each([
    "loom",
    "loom run",
    "loom sweep",
    "loom plan",
    "loom explain",
    "loom log",
    "loom compare",
    "loom trace",
    "loom restore",
    "loom show",
    "loom captions",
    "loom doctor",
  ])("%s --help stays as it is", async (line) => {
    const { code, stdout, stderr } = await run(...line.split(" ").slice(1), "--help")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    await expect(stdout).toMatchFileSnapshot(`./help/${line.replace(" ", "-")}.txt`)
  })

  it("without a command the help is shown", async () => {
    expect((await run()).stdout).toBe((await run("--help")).stdout)
  })
})

describe("exit codes", () => {
  const cases: readonly (readonly [code: number, args: readonly string[], about: readonly string[]])[] = [
    [2, ["pln", "greeting.ts"], [""]],
    [2, ["plan", "greeting.ts", "--sett", "a=1"], [""]],
    [2, ["plan"], [""]],
    [2, ["trace", "greeting.ts"], [""]],
    [2, ["run", "greeting.ts", "--cores", "0"], ['--cores cannot be "0"']],
    [2, ["run", "greeting.ts", "--reporter", "loud"], ['--reporter cannot be "loud"']],
    [2, ["plan", "greeting.ts", "--set", "name"], ['--set cannot be "name"']],
    [2, ["explain", "greeting.ts", "gret"], ["gret"]],
    [2, ["log", "--cache", "elsewhere"], ["elsewhere"]],
    [3, ["plan", "greting.ts"], ["greting.ts"]],
    [3, ["plan", "."], ["."]],
    [3, ["plan", "settings.json"], ["settings.json"]],
    [3, ["plan", "empty.ts"], ["pipeline empty"]],
    [3, ["plan", "throws.ts"], ["throws.ts:3"]],
    [3, ["plan", "broken.ts"], ["broken.ts:1"]],
    [3, ["plan", "early.ts"], ["early.ts:1"]],
    [3, ["plan", "nothing.ts"], ["nothing.ts"]],
    [3, ["plan", "stray-import.ts"], ["stray-import.ts"]],
    [2, ["plan", "greeting.ts", "--set", "nam=Bo"], ["pipeline greeting"]],
    [2, ["plan", "greeting.ts", "--set", "times=often"], ["pipeline greeting"]],
    [3, ["run", "greeting.ts", "--set", "name="], ["greet.name"]],
    [3, ["run", "greeting.ts", "--set", "name=", "--output", "greeting.ts"], ["greet.name", "output"]],
    [3, ["trace", "greeting.ts", "--out", "t.safetensors"], ["greeting.ts"]],
    [1, ["run", "greeting.ts", "--set", "name=nobody"], ["greet"]],
    [4, ["plan", "greeting.ts", "--exit-code", "--cache", "empty"], []],
  ]

  it.each(cases)("%i: loom %j", async (code, args, about) => {
    const ended = await run(...args)
    expect(ending(ended)).toEqual({ code, errors: about, warnings: [] })
    expect(ended.stderr).not.toMatch(noStack)
    expect(wording(ended.stderr, realpathSync(folder))).toMatchSnapshot()
    expect(existsSync(join(folder, "output"))).toBe(false)
  })

  it("an old Node is told in a sentence, with exit code 2", async () => {
    const old =
      'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.9.0"}})'
    const { code, stderr } = await startLoom(folder, ["--help"], { node: ["--import", old] }).ended
    expect(code).toBe(2)
    expect(stderr).toContain("Node 20.9.0")
    expect(stderr).toMatch(/^error: .*\n$/)
    expect(stderr.replace(process.execPath, "node")).toMatchSnapshot()
  })

  it("a stack is shown with --verbose only", async () => {
    expect((await run("plan", "throws.ts", "--verbose")).stderr).toMatch(noStack)
  })
})

describe("a run", () => {
  let project: string
  let closeProject: () => void
  let first: Ended
  const run = (...args: readonly string[]) => loom(project, ...args)

  // Every claim is about a project in which the pipeline has run once.
  beforeEach(async () => {
    ;({ folder: project, close: closeProject } = makeFolder(files))
    first = await run("run", "greeting.ts")
  })
  afterEach(() => closeProject())

  it("names the finished files on stdout and tells the rest on stderr; the next one reuses everything", async () => {
    expect(first).toMatchObject({ code: 0, stdout: "greeting  output/greeting/greeting.txt\n" })
    expect(first.stderr).toContain("▸ greet          first time\n")
    expect(first.stderr).toContain("2 stages run, 0 reused")
    expect(readFileSync(join(project, "output/greeting/greeting.txt"), "utf8")).toBe("Hello Ada")
    const second = await run("run", "greeting.ts")
    expect(second.stdout).toBe(first.stdout)
    expect(second.stderr).toMatch(/^= greet +reused from .*\n= write +reused from .*\n\nnothing to do, 2 reused/)
  })

  it("a plan says what a changed value would run, and why", async () => {
    const { code, stdout } = await run("plan", "greeting.ts", "--set", "name=Bo", "--exit-code")
    expect(code).toBe(4)
    expect(stdout).toContain('  greet  will run  name "Ada" → "Bo"\n')
    expect(stdout).toContain("  write  waits     depends on greet, which will run\n")
    expect(stdout).toContain("1 stage would run, 1 waits for it, 0 reused.")
    expect((await run("plan", "greeting.ts", "--exit-code")).code).toBe(0)
  })

  it("explain names the change and what the identity is made of", async () => {
    const { stdout } = await run("explain", "greeting.ts", "greet", "--set", "name=Bo")
    expect(stdout).toContain('greet would run, because\n  - name "Ada" → "Bo"\n')
    expect(stdout).toMatch(/ {4}param\.name +"Bo"\n/)
  })

  it("--json prints one document or one event a line, and nothing on stderr", async () => {
    rmSync(join(project, "output"), { recursive: true })
    const ended = await run("run", "greeting.ts", "--json")
    const lines = ended.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(ended.stderr).toBe("")
    expect(lines.every(({ version }) => version === 1)).toBe(true)
    expect(lines[0]).toMatchObject({ type: "run-started", pipeline: "greeting" })
    expect(lines.filter(({ type }) => type === "artifact-written")).toMatchObject([{ path: "greeting.txt" }])
    expect(lines.at(-1)).toMatchObject({ type: "report", pipeline: "greeting" })
    expect(JSON.parse((await run("plan", "greeting.ts", "--json")).stdout)).toMatchObject({ version: 1, type: "plan" })
    const refused = await run("plan", "greting.ts", "--json")
    expect(JSON.parse(refused.stdout)).toMatchObject({ version: 1, type: "error", exitCode: 3 })
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code: 3, stderr: "" })
  })

  it("log lists the runs and shows one", async () => {
    const all = JSON.parse((await run("log", "--json")).stdout)
    expect(all.runs[0]).toMatchObject({ pipeline: "greeting", state: "finished" })
    expect((await run("log", "-")).stdout).toMatch(/greet {11}run {5}/)
    const none = await run("log", "99")
    expect(ending(none)).toEqual({ code: 2, errors: ["99"], warnings: [] })
    expect(none.stderr).toMatchSnapshot()
  })

  it("leaves no unfinished files behind", () => {
    const names = readdirSync(project, { recursive: true, encoding: "utf8" })
    expect(names.filter((name) => /\.(part|tmp)$/.test(name))).toEqual([])
  })
})
