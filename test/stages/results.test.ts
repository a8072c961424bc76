/** What a user holds in the end: LoRA files that tell where they come from, a picture sheet, a page, pictures with recipes. */
import { readFileSync } from "node:fs"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readPngText } from "../../src/formats/png-text.ts"
import { nameInWords } from "../../src/stages/caption.ts"
import { drawSheet } from "../../src/stages/sheets/picture-sheet.ts"
import { textWidth, wrapText } from "../../src/stages/sheets/sheet-text.ts"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { closeStudio, finished, makeStudio, type Outcome, runStudio, type Studio } from "./studio.ts"

let studio: Studio
let outcome: Outcome
const prompts = ["[trigger] on a beach"]
beforeAll(async () => {
  studio = await makeStudio()
  outcome = await runStudio(studio, { prompts })
})
afterAll(() => closeStudio(studio))

const read = (name: string): Buffer => readFileSync(finished(outcome, name))

describe("the finished files", () => {
  it("each saved step is a LoRA file, the last under the bare name", () => {
    const names = outcome.report.artifacts.map(({ path }) => path).filter((path) => path.endsWith(".safetensors"))
    expect(names).toEqual(["lora-000002.safetensors", "lora.safetensors"])
  })

  it("keepLast writes only the newest files; the page names no other, and the sheet still shows all steps", async () => {
    const kept = await runStudio({ ...studio, outputFolder: `${studio.outputFolder}-kept` }, { keepLast: 1, prompts })
    const names = kept.report.artifacts.map(({ path }) => path)
    expect(names.filter((path) => path.endsWith(".safetensors"))).toEqual(["lora.safetensors"])
    expect(names).toContain("pictures/lora/01-seed-1-step-000002.png")
    expect(readFileSync(finished(kept, "lora-how-to-use.md"), "utf8")).not.toContain("lora-000002")
  })

  it("a LoRA file holds kohya's keys and everything that repeats the run", () => {
    const { modules, metadata } = decodeLoraFile(read("lora.safetensors"))
    expect(modules.every(({ key }) => key.startsWith("lora_unet_"))).toBe(true)
    expect(modules.every(({ up }) => up.some((value) => value !== 0))).toBe(true)
    expect(metadata).toMatchObject({
      ss_output_name: "lora",
      ss_network_dim: "2",
      ss_steps: "4",
      ss_base_model_version: "sd_v1",
      "modelspec.trigger_phrase": "sks",
    })
    const record = JSON.parse(metadata["loom"] ?? "")
    expect(record.settings).toMatchObject({ networkDim: 2, steps: 4, seed: 3, clipSkip: 1 })
    expect(record.pictures[0]).toMatchObject({ key: "picture-0.jpg", caption: "sks, a photo of number 0" })
    expect(record.base["unet/config.json"]).toMatch(/^[0-9a-f]{64}$/)
  })

  it("the sheet has a column for the base model and one for each checkpoint", async () => {
    const { width, height, format } = await sharp(read("lora-sheet.png")).metadata()
    expect(format).toBe("png")
    expect(width).toBeGreaterThan(3 * 192)
    expect(height).toBeGreaterThan(192)
  })

  it("each picture carries its recipe for A1111 and ComfyUI, and the LoRA where one was used", () => {
    const [plain, trained] = ["without-lora", "step-000004"].map((column) =>
      readPngText(read(`pictures/lora/01-seed-1-${column}.png`)),
    )
    expect(plain?.get("parameters")).toMatch(/^sks on a beach\nSteps: 2, Sampler: DPM\+\+ 2M/)
    expect(trained?.get("parameters")).toContain("sks on a beach <lora:lora:1>")
    expect(JSON.parse(trained?.get("prompt") ?? "")).toBeTypeOf("object")
  })

  it("the page names file, trigger word and programs", () => {
    const page = read("lora-how-to-use.md").toString()
    for (const said of [
      "`lora.safetensors`",
      "**sks**",
      "> sks on a beach",
      "ComfyUI",
      "<lora:lora:1>",
      "load_lora_weights",
      "Draw Things",
    ]) {
      expect(page).toContain(said)
    }
  })
})

describe("the sheet's text", () => {
  it("long prompts are broken into lines that fit, and cut at the last", () => {
    const lines = wrapText("a rather long prompt about a dog that sits on a beach at dusk", 15, 120, 3)
    expect(lines).toHaveLength(3)
    expect(lines.at(-1)).toMatch(/…$/)
    for (const line of lines) expect(textWidth(line, 15)).toBeLessThanOrEqual(120)
  })

  it("the same pictures and words give the same bytes", async () => {
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#336699" } })
      .png()
      .toBuffer()
    const sheet = {
      title: "lora",
      subtitle: "2 steps",
      columns: ["without LoRA"],
      isFirstColumnApart: true,
      rows: [{ label: "<b> & 'c'", note: "seed 1", pictures: [picture] }],
      pictureWidth: 8,
      pictureHeight: 8,
    }
    expect(Buffer.from(await drawSheet(sheet)).equals(Buffer.from(await drawSheet(sheet)))).toBe(true)
  })

  it.each([
    ["red-apple_03.png", "red apple"],
    ["Dog.jpg", "Dog"],
    ["7.jpg", "7"],
  ])("%s is called %s in a template", (key, name) => {
    expect(nameInWords(key)).toBe(name)
  })
})
