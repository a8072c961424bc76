/** Nothing of a test run stays in the machine's temporary folder. */
import { existsSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { expect, it } from "vitest"
import useTemporaryFolder from "./temporary-folder.ts"

it("temporary files of this run lie in a folder of its own", () => {
  expect(basename(tmpdir())).toMatch(/^loom-test-\w{6}$/)
})

it("the folder is removed with all that lies in it", () => {
  const outer = tmpdir()
  const remove = useTemporaryFolder()
  try {
    const made = mkdtempSync(join(tmpdir(), "loom-left-behind-"))
    expect(dirname(dirname(made))).toBe(outer)
    remove()
    expect(existsSync(dirname(made))).toBe(false)
    expect(existsSync(outer)).toBe(true)
  } finally {
    process.env["TMPDIR"] = outer
  }
})
