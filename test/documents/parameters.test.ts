/** What is printed of the rows is what stands in the manual and in the editor's types. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { TrainParams } from "../../src/stages/training/train-params.ts"
import { root } from "./page.ts"
import { parameterPage, parameterTypes } from "./parameter-page.ts"

it("the manual names every parameter of train", () => {
  const page = readFileSync(join(root, "docs/parameters.md"), "utf8")
  expect(Object.keys(TrainParams.fields).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

it.each([
  ["docs/parameters.md", parameterPage()],
  ["src/settings/train-params-input.ts", parameterTypes()],
])("%s is what `node test/documents/write-parameters.ts` prints", (file, text) => {
  expect(readFileSync(join(root, file), "utf8")).toBe(text)
})
