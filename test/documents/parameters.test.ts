/** What is printed of the rows is what stands in the manual and in the editor's types. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { parameterPage, parameterTypes } from "./parameter-page.ts"

it.each([
  ["docs/parameters.md", parameterPage()],
  ["src/settings/train-params-input.ts", parameterTypes()],
])("%s is what `node test/documents/write-parameters.ts` prints", (file, text) => {
  expect(readFileSync(join(import.meta.dirname, "../..", file), "utf8")).toBe(text)
})
