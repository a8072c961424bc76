/** Runs the README from its first fence to its last, in a copy of the project, as a reader would. */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Fence, fencesOf } from "./fences.ts"

const root = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(root, "README.md"), "utf8")
let project: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "loom-readme-"))
  for (const name of ["package.json", "tsconfig.json", "pipelines", "README.md"]) {
    cpSync(join(root, name), join(project, name), { recursive: true })
  }
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"))
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

/** `npm ci` made the folder that the copy links to, and `npm test` is this very run. */
const runnable = (command: string): string => command.replaceAll(/npm ci && /g, "").replaceAll(/^npm test$/gm, "true")

const shell = (command: string) => {
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", `{ ${runnable(command)}\n} 2>&1`], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`, NO_COLOR: "1" },
  })
  return { status, output: stdout + stderr }
}

/** Times and dates are written as "…" on the page. */
const withoutTimes = (text: string): string =>
  text
    .replaceAll(/\d+ \w{3} \d\d:\d\d/g, "…")
    .replaceAll(/\d+:\d\d min\b/g, "… s")
    .replaceAll(/\d+(\.\d+)? s\b/g, "… s")
    .replaceAll(" (took … s then)", "")
    .replaceAll(/[ \t]+$/gm, "")
    .trim()

const check = (fence: Fence): void => {
  switch (fence.kind) {
    case "sh": {
      const { status, output } = shell(fence.text)
      expect(status, output).toBe(0)
      return
    }
    case "console": {
      const { status, output } = shell(fence.command)
      expect(status, output).toBe(0)
      expect(withoutTimes(output)).toContain(withoutTimes(fence.shown))
      return
    }
    case "ts": {
      const file = join(project, fence.file)
      if (existsSync(file)) {
        expect(readFileSync(file, "utf8")).toContain(fence.text)
        return
      }
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, fence.text)
    }
  }
}

describe("the README", () => {
  it.each(fencesOf(page).map((fence) => ({ ...fence, fence })))(
    "line $line: the $kind fence does what the page says",
    ({ fence }) => check(fence),
    300_000,
  )

  it("names every room of the house and every parameter of train", async () => {
    const { TrainParams } = await import("../../src/stages/training/train-params.ts")
    const parameters = Object.keys(TrainParams.fields)
    expect(parameters.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  it("shows only pictures and links that exist", () => {
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path as string)
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})
