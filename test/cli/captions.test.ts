/** `loom captions` shows the captions as they are trained on; `loom explain --settings` the settings of other trainers. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { wording } from "../rig/told.ts"
import { closeStudio, makeStudio, type Studio } from "../stages/studio.ts"
import { ending, greeting, loom } from "./shell.ts"

const pipeline = `
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"

export default pipeline("words", () => {
  const images = crop(ingest("./pictures"), { size: 64 })
  const captions = caption(images, { trigger: "sks dog" })
  const dataset = encode({ base: baseModel("./base"), images, captions })
  return checkpoint(train(dataset, { steps: 10, gradientAccumulationSteps: 2 }), { name: "my dog" })
})
`

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
  writeFileSync(join(studio.root, "words.ts"), pipeline)
  writeFileSync(join(studio.root, "greeting.ts"), greeting)
  writeFileSync(join(studio.pictures, "picture-1.txt"), "one Sks  Dog and [trigger]")
  writeFileSync(join(studio.pictures, "picture-2.txt"), `${"dog ".repeat(90)}end`)
})
afterAll(() => closeStudio(studio))

describe("loom captions", () => {
  it("prints each final caption with its tokens, the trigger marked, and what is lost", async () => {
    const { code, stdout, stderr } = await loom(studio.root, "captions", "words.ts")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const [first, second, third, lost] = stdout.split("\n")
    expect(first).toMatch(/picture-0\.jpg +\d+ of 77 +«sks dog», a photo of number 0$/)
    expect(second).toMatch(/ one «Sks Dog» and «sks dog»$/)
    expect(third).toMatch(/picture-2\.jpg +77 of 77 +«sks dog», dog dog/)
    expect(lost).toMatch(/dog .*end$/)
    expect(stdout).toMatchSnapshot()
  })

  it("counts an embedding's tokens where a caption mentions it, and marks it", async () => {
    const embedding = 'customEmbedding: { keyword: "sks", length: 70 }'
    writeFileSync(join(studio.root, "embedding.ts"), pipeline.replace("steps: 10", `steps: 10, ${embedding}`))
    const { stdout } = await loom(studio.root, "captions", "embedding.ts")
    expect(stdout).toMatch(/picture-0\.jpg +77 of 77 +‹sks› dog, a photo of number 0\n/)
    expect(stdout).toMatchSnapshot()
  })

  it("shows the captions also where none mentions the embedding, and says so", async () => {
    const embedding = 'customEmbedding: { keyword: "toki", length: 3 }'
    writeFileSync(join(studio.root, "unmentioned.ts"), pipeline.replace("steps: 10", `steps: 10, ${embedding}`))
    const { code, stdout } = await loom(studio.root, "captions", "unmentioned.ts")
    expect(code).toBe(0)
    expect(stdout).toMatch(/<toki> takes 3 tokens/)
    expect(stdout).toMatchSnapshot()
  })

  it("leaves no run in the log", async () => {
    await loom(studio.root, "captions", "words.ts")
    const { stdout } = await loom(studio.root, "log", "--json")
    expect(JSON.parse(stdout)).toMatchObject({ runs: [] })
  })

  it("prints JSON for programs", async () => {
    const { stdout } = await loom(studio.root, "captions", "words.ts", "--json")
    const { lists } = JSON.parse(stdout)
    expect(lists[0]).toMatchObject({
      stage: "encode-texts",
      captions: [{ key: "picture-0.jpg", limit: 77, lost: [] }, {}, {}],
    })
    expect(lists[0].captions[0].marks).toEqual([{ kind: "trigger", start: 0, end: 7 }])
  })

  it.each(["captions", "explain"])("loom %s tells when there is nothing to show", async (command) => {
    const rest = command === "explain" ? ["--settings"] : []
    const ended = await loom(studio.root, command, "greeting.ts", ...rest)
    expect(ending(ended)).toEqual({ code: 3, errors: ["greeting.ts"], warnings: [] })
    expect(ended.stderr).toMatchSnapshot()
  })
})

describe("loom explain --settings", () => {
  it("prints a table, a command line and the accumulation hint, without a cache", async () => {
    const { code, stdout } = await loom(studio.root, "explain", "words.ts", "--settings", "--cache", "never-made")
    expect(code).toBe(0)
    expect(stdout).toMatch(/training steps +10 +20\n/)
    expect(stdout).toContain("--output_name 'my dog' \\\n")
    expect(wording(stdout)).toMatchSnapshot()
  })
})
