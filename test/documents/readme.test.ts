/** The README is the manual's first page: everything on it is run. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root, testPage } from "./page.ts"

testPage("README.md")

it("names every parameter of train", async () => {
  const page = readFileSync(join(root, "README.md"), "utf8")
  const { TrainParams } = await import("../../src/stages/training/train-params.ts")
  expect(Object.keys(TrainParams.fields).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})
