/** What the rest of the program loads with the engine. */
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"

const engine = new URL("../../src/engine/engine.ts", import.meta.url).href
const listLibraries = `await import("${engine}"); console.log(process.report.getReport().sharedObjects.join("\\n"))`

describe("engine", () => {
  it("importing it loads no onnxruntime", () => {
    const libraries = execFileSync(process.execPath, ["--input-type=module", "--eval", listLibraries], {
      encoding: "utf8",
    })
    assert.notInclude(libraries, "onnxruntime")
  })
})
