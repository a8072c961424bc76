/** The pages of the manual behind the README: everything on them is run. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { root, testPage } from "./page.ts"

const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .map((page) => page.replaceAll("\\", "/"))
  // The API reference is written by a program from the docstrings.
  .filter((page) => page.endsWith(".md") && !page.startsWith("api/"))

for (const page of pages.sort()) testPage(`docs/${page}`)
