import { crc32 } from "node:zlib"
import sharp from "sharp"
import { describe, expect, test } from "vitest"
import { a1111Parameters } from "../../src/formats/a1111-parameters.ts"
import { comfyPrompt, comfyWorkflow } from "../../src/formats/comfyui-workflow.ts"
import { embedRecipe } from "../../src/formats/embed-recipe.ts"
import type { PictureRecipe } from "../../src/formats/picture-recipe.ts"
import { readPngText, writePngText } from "../../src/formats/png-text.ts"
import { textEncoding } from "../../src/settings/text-encoding.ts"
import { badFileFrom, damaged, goldenBytes } from "./golden.ts"

const recipe: PictureRecipe = {
  prompt: "a café ☃, 8k\nsecond line",
  negativePrompt: "blurry, text: none",
  steps: 20,
  sampler: "DPM++ 2M",
  guidanceScale: 7.5,
  seed: 42,
  width: 512,
  height: 768,
  encoding: { family: "sd1", clipSkip: 2 },
  model: { name: "base, tuned", sha256: "0123456789abcdef" },
  lora: { name: "my-dog", strength: 0.8, modelHash: "fedcba9876543210" },
  madeBy: "loom 0.1.0",
}
const { lora: _, ...withoutLora } = recipe

const png = goldenBytes("texts.png")

describe("texts in a PNG", () => {
  test("written by Pillow read right, packed or not", () => {
    expect(Object.fromEntries(readPngText(png))).toEqual({
      parameters: "café, 8k\nSteps: 20",
      packed: "again and again and again",
      snowman: "☃ in the snow",
      "snowman packed": "☃ ☃ ☃ ☃ ☃ ☃",
    })
  })

  test("come back, Latin or not, and replace one another by keyword", () => {
    const once = writePngText(png, { parameters: "new", other: "naïve", snow: "☃" })
    const texts = readPngText(writePngText(once, { other: "ñandú" }))
    expect([texts.get("parameters"), texts.get("other"), texts.get("snow")]).toEqual(["new", "ñandú", "☃"])
    expect(texts.get("snowman")).toBe("☃ in the snow")
  })

  test("leave the pixels as they were", async () => {
    const written = writePngText(png, { parameters: "x" })
    expect(await sharp(written).raw().toBuffer()).toEqual(await sharp(png).raw().toBuffer())
  })

  test("cannot stand under a keyword that PNG does not allow", () => {
    for (const keyword of ["", " a", "☃", "x".repeat(80)]) {
      expect(badFileFrom(() => writePngText(png, { [keyword]: "x" }))?.reason).toContain("cannot take a text called")
    }
  })
})

describe("a bad PNG is told in a sentence", () => {
  const wrongSum = Uint8Array.from(png)
  wrongSum[40] = wrongSum[40]! ^ 1
  /** A zTXt chunk whose checksum is right and whose packed data is not. */
  const chunk = Buffer.concat([Buffer.from("zTXtk\0\0"), Buffer.from("rubbish")])
  const wrongPacking = Buffer.concat([
    png.subarray(0, 33),
    Buffer.from([0, 0, 0, chunk.length - 4]),
    chunk,
    Buffer.from(new Uint32Array([crc32(chunk)]).buffer).reverse(),
    png.subarray(33),
  ])

  test.each<readonly [string, Uint8Array]>([
    ["another format", new TextEncoder().encode("GIF89a")],
    ["cut off", png.slice(0, -9)],
    ["changed on the way", wrongSum],
    ["packed wrongly", wrongPacking],
  ])("%s", (_, bytes) => {
    const error = badFileFrom(() => readPngText(bytes, "a.png"))
    expect(error?.file).toBe("a.png")
    expect(`${error?.reason}. ${error?.hint}`).toMatchSnapshot()
  })

  test("damaged bytes end in BadFile, never in another error", () => {
    for (const bytes of damaged(png, 2000, 3)) badFileFrom(() => readPngText(bytes))
  })
})

describe("A1111's text", () => {
  test("has the prompt, the negative prompt and one line of settings", () => {
    expect(a1111Parameters(recipe)).toBe(
      [
        "a café ☃, 8k",
        "second line <lora:my-dog:0.8>",
        "Negative prompt: blurry, text: none",
        'Steps: 20, Sampler: DPM++ 2M, Schedule type: Uniform, CFG scale: 7.5, Seed: 42, Size: 512x768, Model hash: 0123456789, Model: "base, tuned", Clip skip: 2, Lora hashes: "my-dog: fedcba987654", Version: loom 0.1.0',
      ].join("\n"),
    )
  })

  test("leaves out what there is not", () => {
    const plain = {
      ...withoutLora,
      prompt: "a dog",
      negativePrompt: "",
      encoding: textEncoding("sd1"),
      sampler: "DDIM",
      model: { name: "base" },
    }
    expect(a1111Parameters({ ...plain, sampler: "DDIM" })).toBe(
      "a dog\nSteps: 20, Sampler: DDIM, CFG scale: 7.5, Seed: 42, Size: 512x768, Model: base, Version: loom 0.1.0",
    )
  })

  test("calls an embedding by its bare word, as A1111 does", () => {
    const mentioning = { ...withoutLora, prompt: "a <sks>.", negativePrompt: "no <sks>", embedding: { keyword: "sks" } }
    expect(a1111Parameters(mentioning)).toMatch(/^a sks\.\nNegative prompt: no sks\n/)
  })

  test("gives every setting back to A1111's own pattern", () => {
    const line = a1111Parameters(recipe).split("\n").at(-1)!
    const found = [...line.matchAll(/\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g)].map((match) => match[1])
    expect(found).toEqual([
      "Steps",
      "Sampler",
      "Schedule type",
      "CFG scale",
      "Seed",
      "Size",
      "Model hash",
      "Model",
      "Clip skip",
      "Lora hashes",
      "Version",
    ])
  })
})

describe("ComfyUI's graph", () => {
  test("calls an embedding up as ComfyUI does, in both prompts", () => {
    const mentioning = { ...recipe, prompt: "a <sks>, 8k", negativePrompt: "sks", embedding: { keyword: "sks" } }
    const graph = comfyPrompt(mentioning)
    expect([graph["6"]?.inputs, graph["7"]?.inputs]).toMatchObject([
      { text: "a embedding:sks, 8k" },
      { text: "embedding:sks" },
    ])
  })

  test("runs from checkpoint and LoRA through both prompts to the saved picture", () => {
    const prompt = comfyPrompt(recipe)
    expect(
      Object.values(prompt)
        .map(({ class_type }) => class_type)
        .sort(),
    ).toEqual([
      "CLIPSetLastLayer",
      "CLIPTextEncode",
      "CLIPTextEncode",
      "CheckpointLoaderSimple",
      "EmptyLatentImage",
      "KSampler",
      "LoraLoader",
      "SaveImage",
      "VAEDecode",
    ])
    expect(prompt["3"]?.inputs).toEqual({
      seed: 42,
      steps: 20,
      cfg: 7.5,
      sampler_name: "dpmpp_2m",
      scheduler: "normal",
      denoise: 1,
      model: ["10", 0],
      positive: ["6", 0],
      negative: ["7", 0],
      latent_image: ["5", 0],
    })
    expect(prompt["6"]?.inputs).toEqual({ text: recipe.prompt, clip: ["11", 0] })
    expect(prompt["10"]?.inputs).toMatchObject({ lora_name: "my-dog.safetensors" })
  })

  test("has no LoRA and no CLIP skip where the picture had none", () => {
    const prompt = comfyPrompt({ ...withoutLora, encoding: textEncoding("sd1") })
    expect(Object.keys(prompt)).toEqual(["3", "4", "5", "6", "7", "8", "9"])
    expect(prompt["6"]?.inputs).toMatchObject({ clip: ["4", 1] })
  })

  test.each([
    ["sd1", 1, undefined],
    ["sd1", 2, -2],
    // The encoder of SD2 has one layer more there.
    ["sd2", 1, undefined],
    ["sd2", 2, -3],
    ["sdxl", 1, -1],
    ["sdxl", 2, undefined],
    ["sdxl", 3, -3],
  ] as const)("numbers the last layer of %s at CLIP skip %d as its own nodes do", (family, clipSkip, layer) => {
    const prompt = comfyPrompt({ ...recipe, encoding: { family, clipSkip } })
    expect(prompt["11"]?.inputs["stop_at_clip_layer"]).toBe(layer)
  })

  test("zeroes an empty negative prompt of SDXL alone", () => {
    const negativeOf = (picture: PictureRecipe) => comfyPrompt(picture)["3"]?.inputs["negative"]
    expect(negativeOf({ ...recipe, negativePrompt: "" })).toEqual(["7", 0])
    expect(negativeOf({ ...recipe, encoding: textEncoding("sdxl") })).toEqual(["7", 0])
    const zeroed = comfyPrompt({ ...recipe, encoding: textEncoding("sdxl"), negativePrompt: "" })
    expect(zeroed["3"]?.inputs["negative"]).toEqual(["12", 0])
    expect(zeroed["12"]).toMatchObject({ class_type: "ConditioningZeroOut", inputs: { conditioning: ["7", 0] } })
  })

  test.each([
    recipe,
    { ...withoutLora, encoding: textEncoding("sd1") },
    { ...recipe, encoding: textEncoding("sdxl"), negativePrompt: "" },
  ])("on the canvas is wired at both ends of every link", (picture) => {
    const { nodes, links } = comfyWorkflow(picture)
    const node = (id: unknown) => nodes.find((candidate) => candidate.id === id)!
    for (const [id, from, fromSlot, to, toSlot, type] of links) {
      expect(node(from).outputs[Number(fromSlot)]).toMatchObject({ type, links: expect.arrayContaining([id]) })
      expect(node(to).inputs[Number(toSlot)]).toMatchObject({ type, link: id })
    }
    expect(nodes.flatMap(({ inputs }) => inputs).every(({ link }) => link !== null)).toBe(true)
    expect(node(3).widgets_values).toEqual([42, "fixed", 20, 7.5, "dpmpp_2m", "normal", 1])
  })
})

test("a picture carries its recipe for both programs, in texts that ComfyUI's reader finds", () => {
  const texts = readPngText(embedRecipe(png, recipe))
  expect(texts.get("parameters")).toBe(a1111Parameters(recipe))
  expect(JSON.parse(texts.get("prompt") ?? "")).toEqual(comfyPrompt(recipe))
  expect(JSON.parse(texts.get("workflow") ?? "")).toEqual(JSON.parse(JSON.stringify(comfyWorkflow(recipe))))
  expect(texts.get("workflow")).toMatch(/^[ -~]+$/)
})
