/** What `loom log` says of the parameters of runs. */
import { join } from "node:path"
import Database from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { greeting, loom, makeFolder } from "./shell.ts"

let folder: string
let close: () => void
const log = async (...args: readonly string[]) => (await loom(folder, "log", ...args)).stdout

/** Runs 1 to 3: as it is; another name; another name, but recorded by a Loom that did not keep the defaults. */
beforeAll(async () => {
  ;({ folder, close } = makeFolder({ "greeting.ts": greeting }))
  await loom(folder, "run", "greeting.ts")
  await loom(folder, "run", "greeting.ts", "--set", "name=Bo \u001b[31mRed")
  await loom(folder, "run", "greeting.ts", "--set", "name=Cy")
  const database = new Database(join(folder, "cache", "loom.sqlite"))
  database.exec("UPDATE run SET defaults = NULL WHERE id = 3")
  database.close()
})
afterAll(() => close())

describe("the list of runs", () => {
  it("shows parameters that are not the pipeline's defaults, and all where those were not recorded", async () => {
    const [third, second, first] = (await log()).split("\n")
    expect(first).toMatch(/^ +1 .* s$/)
    expect(second).toMatch(/ s {2}name="Bo \S*Red"$/)
    expect(second).not.toContain("times")
    expect(third).toMatch(/ s {2}name=Cy times=1$/)
  })
})

describe("one run", () => {
  it("shows them with their defaults, line by line", async () => {
    expect(await log("2")).toMatch(/\n {2}name Bo \S*Red \(default Ada\)\n\n/)
    expect(await log("1")).not.toContain("default")
    expect(await log("3")).toContain("\n  name Cy\n  times 1\n\n")
  })

  it("lets no value steer the terminal", async () => {
    expect((await log()) + (await log("2"))).not.toContain("\u001b")
  })
})
