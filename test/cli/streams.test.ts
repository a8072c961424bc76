/** What becomes of work and results when nobody takes what is written to stdout or stderr. */
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ending, greeting, loom, makeFolder, startLoom } from "./shell.ts"

const bin = resolve(import.meta.dirname, "../../src/cli/bin.js")

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({ "greeting.ts": greeting }))
})
afterAll(() => close())

const hasBash = spawnSync("bash", ["-c", "true"]).status === 0

/** What stands in the output folder of a run. */
const greetingIn = (output: string) => readFileSync(join(folder, output, "greeting/greeting.txt"), "utf8")

/** A line of a shell in which `loom` is the program; gives what it printed. */
const shell = (line: string) =>
  new Promise<{ readonly stdout: string; readonly stderr: string }>((settle) => {
    const program = `loom() { "${process.execPath}" "${bin}" "$@"; }`
    const child = spawn("bash", ["-c", `${program}\n${line}`], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } })
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (text) => (stdout += text))
    child.stderr.on("data", (text) => (stderr += text))
    child.on("close", () => settle({ stdout, stderr }))
  })

describe("a reader that has gone", () => {
  it.each(["pretty", "plain", "json"])("of stdout and stderr stops no run, shown %s", async (reporter) => {
    const output = `gone-${reporter}`
    const running = startLoom(folder, [
      ...["run", "greeting.ts", "--set", "name=Bo", "--output", output, "--cache", output, "--reporter", reporter],
    ])
    running.child.stdout?.destroy()
    running.child.stderr?.destroy()
    expect((await running.ended).code).toBe(0)
    expect(greetingIn(output)).toBe("Hello Bo")
  })

  it.runIf(hasBash)("does not change the code of a command that reads, and is told nothing", async () => {
    const { stdout, stderr } = await shell(
      "set -o pipefail; loom plan greeting.ts --exit-code --cache none | true; echo $?",
    )
    expect({ stdout, stderr }).toEqual({ stdout: "4\n", stderr: "" })
  })
})

describe("a slow reader", () => {
  it.runIf(hasBash)("gets all of a result that no pipe holds at once", async () => {
    const long = "a".repeat(100_000)
    await loom(folder, "run", "greeting.ts", "--cache", "long", "--output", "long", "--set", `name=${long}`)
    const { stdout } = await shell("loom log --json --cache long | (sleep 0.5; cat)")
    expect(JSON.parse(stdout).runs).toMatchObject([{ parameters: { name: long } }])
  })
})

describe.runIf(existsSync("/dev/full"))("a full device", () => {
  it("as stdout stops no run, and the lost results are told", async () => {
    const line = "loom run greeting.ts --cache full --output full > /dev/full; echo $? > code"
    const { stderr } = await shell(line)
    expect(readFileSync(join(folder, "code"), "utf8")).toBe("1\n")
    expect(ending({ code: 1, signal: null, stdout: "", stderr })).toEqual({ code: 1, errors: ["stdout"], warnings: [] })
    expect(stderr).toContain("the disk is full")
    expect(greetingIn("full")).toBe("Hello Ada")
  })

  it("as stdout makes a command that reads fail", async () => {
    const { stdout, stderr } = await shell("loom --help > /dev/full; echo $?")
    expect(stdout).toBe("1\n")
    expect(stderr).toMatch(/^error: stdout: .*\n$/)
  })

  it("as stderr loses nothing but remarks", async () => {
    const { stdout } = await shell("loom run greeting.ts --cache remarks --output remarks 2> /dev/full; echo $?")
    expect(stdout).toBe("greeting  remarks/greeting/greeting.txt\n0\n")
  })
})

describe("the name of an option", () => {
  it.each(["x--json", "--json.d/x", "a --reporter=json b"])("within a value, as in %s, is no option", async (cache) => {
    const ended = await loom(folder, "log", `--cache=${cache}`)
    expect(ending(ended)).toEqual({ code: 2, errors: [cache], warnings: [] })
  })

  it("in the path of a pipeline is no option", async () => {
    const ended = await loom(folder, "run", "pipelines/--json.ts")
    expect(ending(ended)).toEqual({ code: 3, errors: ["pipelines/--json.ts"], warnings: [] })
  })

  it.each([["--json"], ["--json=true"], ["--reporter", "json"]])("is one as the word %s", async (...option) => {
    const { stdout, stderr } = await loom(folder, "run", "none.ts", ...option)
    expect(JSON.parse(stdout)).toMatchObject({ type: "error", exitCode: 3 })
    expect(stderr).toBe("")
  })
})
