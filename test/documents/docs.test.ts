/** The pages of the manual behind the README: everything on them is run. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root, testPage } from "./page.ts"

const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .map((page) => page.replaceAll("\\", "/"))
  // The API reference is written by a program from the docstrings.
  .filter((page) => page.endsWith(".md") && !page.startsWith("api/"))

for (const page of pages.sort()) testPage(`docs/${page}`)

it("docs/commands.md names every command that has a help page", () => {
  const page = readFileSync(join(root, "docs/commands.md"), "utf8")
  const helps = readdirSync(join(root, "test/cli/help")).flatMap((file) => /^loom-(\w+)\.txt$/.exec(file)?.[1] ?? [])
  expect(helps.length).toBeGreaterThan(5)
  expect(helps.filter((command) => !page.includes(`\`loom ${command}`))).toEqual([])
})
