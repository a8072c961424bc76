/** Runs one page from its first fence to its last, in a copy of the project of its own, as a reader would. */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Fence, fencesOf } from "./fences.ts"

export const root = resolve(import.meta.dirname, "../..")

/** `npm ci` made the folder that the copy links to, and `npm test` is this very run. */
const runnable = (command: string): string => command.replaceAll(/npm ci && /g, "").replaceAll(/^npm test$/gm, "true")

const shell = (project: string, command: string) => {
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", `{ ${runnable(command)}\n} 2>&1`], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`, NO_COLOR: "1" },
  })
  return { status, output: stdout + stderr }
}

/** Times and dates are written as "…" on a page. */
const withoutTimes = (text: string): string =>
  text
    .replaceAll(/\d+ \w{3} \d\d:\d\d/g, "…")
    .replaceAll(/\d+:\d\d min\b/g, "… s")
    .replaceAll(/\d+(\.\d+)? s\b/g, "… s")
    .replaceAll(" (took … s then)", "")
    .replaceAll(/[ \t]+$/gm, "")
    .trim()

const check = (project: string, fence: Fence): void => {
  switch (fence.kind) {
    case "sh": {
      const { status, output } = shell(project, fence.text)
      expect(status, output).toBe(0)
      return
    }
    case "console": {
      const { status, output } = shell(project, fence.command)
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

/** Files that a page has the reader write fit Loom's types. */
const checkTypes = (project: string, fences: readonly Fence[]): void => {
  const files = [...new Set(fences.flatMap((fence) => (fence.kind === "ts" ? [fence.file] : [])))]
  const config = { extends: "./tsconfig.json", include: files, exclude: [] }
  writeFileSync(join(project, "tsconfig.page.json"), JSON.stringify(config))
  const { status, output } = shell(project, "tsc --noEmit -p tsconfig.page.json")
  expect(status, output).toBe(0)
}

/** The tests of a page of the repository, such as "docs/files.md". */
export const testPage = (name: string): void => {
  const page = readFileSync(join(root, name), "utf8")
  const fences = fencesOf(page)
  let project: string

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "loom-page-"))
    for (const part of ["package.json", "tsconfig.json", ".biome.json", "pipelines", "README.md"]) {
      cpSync(join(root, part), join(project, part), { recursive: true })
    }
    for (const part of ["node_modules", "src"]) symlinkSync(join(root, part), join(project, part))
  })
  afterAll(() => rmSync(project, { recursive: true, force: true }))

  describe(name, () => {
    it.each(fences.map((fence) => ({ ...fence, fence })))(
      "line $line: the $kind fence does what the page says",
      ({ fence }) => check(project, fence),
      300_000,
    )

    it.runIf(fences.some(({ kind }) => kind === "ts"))("has the reader write files that fit the types", () =>
      checkTypes(project, fences),
    )

    it("shows only pictures and links that exist", () => {
      const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path as string)
      expect(links.filter((path) => !existsSync(resolve(root, dirname(name), path)))).toEqual([])
    })

    it("is short enough to be read", () => {
      expect(page.split("\n").length).toBeLessThan(200)
    })
  })
}
