/** Names with accents: two spellings that look alike are one key, so a project is the same project on every system. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { caption, crop, ingest, pipeline } from "../../src/index.ts"
import { run } from "../runtime/project.ts"
import { closeStudio, drawPicture, makeStudio, type Studio } from "./studio.ts"

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

const together = (name: string) => name.normalize("NFC")
const apart = (name: string) => name.normalize("NFD")

/** Writes files, runs both stages over them, and gives their results. */
const results = async (
  folder: string,
  files: Readonly<Record<string, string | number>>,
  expected?: Record<string, string>,
) => {
  mkdirSync(join(studio.root, folder))
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? content : await drawPicture(content)
    writeFileSync(join(studio.root, folder, name), bytes)
  }
  const made = pipeline("names", () => {
    const pictures = ingest(folder, expected === undefined ? {} : { expect: expected })
    return { images: crop(pictures, { size: 16 }), captions: caption(pictures, { template: "a [name]" }) }
  })
  return Effect.runPromise(Effect.result(run(studio, made)))
}

/** A file system that keeps both spellings apart can hold either. */
const keepsSpelling = (): boolean => {
  const folder = join(studio.root, "spelling")
  mkdirSync(folder)
  writeFileSync(join(folder, apart("é")), "")
  return readdirSync(folder)[0] === apart("é")
}

describe("a picture's name with accents", () => {
  it("gives the same key, caption and results however the system spells it", async () => {
    const [one, other] = [
      await results("composed", {
        [together("café.png")]: 0,
        [together("zoë.png")]: 1,
        [together("zoë.txt")]: "a girl",
      }),
      await results("apart", { [apart("café.png")]: 0, [apart("zoë.png")]: 1, [apart("zoë.txt")]: "a girl" }),
    ]
    expect(one).toMatchObject({ _tag: "Success" })
    const values = [one, other].map((result) => result._tag === "Success" && result.success.results)
    expect(values[1]).toEqual(values[0])
    expect(JSON.stringify(values[1])).toContain(together("a café"))
  })

  it("finds its caption when the two files are spelt differently", async () => {
    const found = await results("mixed", { [apart("zoë.png")]: 1, [together("zoë.txt")]: "a girl" })
    expect(JSON.stringify(found)).toContain("a girl")
  })

  it("is told when two spellings of it lie side by side", async () => {
    if (!keepsSpelling()) return
    const both = await results("both", {
      [apart("zoë.png")]: 1,
      [together("zoë.png")]: 2,
      [together("zoë.txt")]: "a girl",
    })
    expect(both._tag).toBe("Failure")
    expect(JSON.stringify(both)).toContain("share one caption file")
  })
})
