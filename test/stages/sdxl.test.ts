/** The whole line on a base of SDXL's shape: what it writes, what is computed again, and folders that are no SDXL. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { decodeEmbeddingFile } from "../../src/formats/embedding-file.ts"
import { readPngText } from "../../src/formats/png-text.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { makeTinySdxl } from "../engine/tiny-base.ts"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { error, type Told } from "../rig/told.ts"
import {
  type Choices,
  closeStudio,
  finished,
  makeStudio,
  type Outcome,
  refusal,
  runStudio,
  type Studio,
} from "./studio.ts"

let studio: Studio
const undo: (() => void)[] = []

beforeAll(async () => {
  studio = await makeStudio(makeTinySdxl)
})
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})
afterAll(() => closeStudio(studio))

const inBase = (name: string) => join(studio.base, name)
const bytes = (outcome: Outcome, name: string): Buffer => readFileSync(finished(outcome, name))
const logged = ({ events }: Outcome): string =>
  events.flatMap((event) => (event.type === "logged" ? [event.message] : [])).join("\n")

/** No CLIP skip is named, so the model's own is used. */
const own: Partial<Choices> = { clipSkip: null }
const everything: Partial<Choices> = {
  ...own,
  training: {
    textModel: { learningRate: 1e-3 },
    customEmbedding: { keyword: "sks", length: 2, learningRate: 1e-2, initWord: "dog" },
    captionDropout: 0.1,
  },
  prompts: ["a <sks>"],
}

const away = (path: string): void => {
  renameSync(inBase(path), inBase(`${path}-away`))
  undo.push(() => renameSync(inBase(`${path}-away`), inBase(path)))
}

const edit = (path: string, change: (before: Buffer) => string | Uint8Array): void => {
  const before = readFileSync(inBase(path))
  undo.push(() => writeFileSync(inBase(path), before))
  writeFileSync(inBase(path), change(before))
}

const editJson = (path: string, fields: Readonly<Record<string, unknown>>): void =>
  edit(path, (before) => JSON.stringify({ ...JSON.parse(before.toString()), ...fields }))

const lastBitFlipped = (before: Buffer): Buffer => {
  const after = Buffer.from(before)
  after[after.length - 2] = after[after.length - 2]! ^ 1
  return after
}

describe("on SDXL", { timeout: 240_000 }, () => {
  it("a LoRA of UNet and both text encoders has kohya's names, and says what it fits", async () => {
    const outcome = await runStudio(studio, everything, "cache-of-names")
    const { modules, metadata } = decodeLoraFile(bytes(outcome, "lora.safetensors"))
    const count = (start: string) => modules.filter(({ key }) => key.startsWith(start)).length
    // CLIP skip 2 cuts one of the first encoder's two layers off; all three of the second one are needed.
    expect([count("lora_te1_"), count("lora_te2_")]).toEqual([6, 18])
    expect(count("lora_unet_")).toBe(modules.length - 24)
    expect(modules.map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        "lora_te1_text_model_encoder_layers_0_mlp_fc1",
        "lora_te2_text_model_encoder_layers_2_self_attn_q_proj",
        "lora_unet_input_blocks_3_1_transformer_blocks_1_attn2_to_k",
        "lora_unet_middle_block_1_proj_in",
        "lora_unet_output_blocks_1_1_transformer_blocks_0_ff_net_0_proj",
      ]),
    )
    expect(modules.every(({ up }) => up.some((value) => value !== 0))).toBe(true)
    expect(metadata).toMatchObject({
      ss_base_model_version: "sdxl_base_v1-0",
      ss_v2: "False",
      ss_clip_skip: "2",
      "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
      "modelspec.encoder_layer": "2",
    })
    expect(Object.keys(JSON.parse(metadata["loom"]!).base)).toEqual(
      expect.arrayContaining(["text_encoder_2/model.safetensors", "tokenizer_2/vocab.json"]),
    )
    expect(logged(outcome)).toMatch(
      /6 adapters in 1 of the first text encoder's 2 layers, those of the last 1 layer are cut off by CLIP skip; 18 adapters in 3 of the second one's 3 layers; an embedding of 2 tokens/,
    )
  })

  it("an embedding has a table for each text encoder, in one file for A1111 and two for diffusers", async () => {
    const outcome = await runStudio(studio, everything)
    const tables = decodeEmbeddingFile(bytes(outcome, "lora-embedding/sks.safetensors"))
    expect(tables.map(({ shape }) => shape)).toEqual([
      [2, 16],
      [2, 24],
    ])
    for (const [place, name] of ["learned_embeds", "learned_embeds_2"].entries()) {
      const { header, float32 } = decodeSafetensors(bytes(outcome, `lora-embedding/${name}.safetensors`))
      expect([...header.tensors.keys()]).toEqual(["<sks>"])
      expect(float32("<sks>")).toEqual(tables[place]!.data)
    }
    const page = bytes(outcome, "lora-how-to-use.md").toString()
    expect(page).toContain("StableDiffusionXLPipeline")
    expect(page).toContain(
      'pipe.load_textual_inversion("lora-embedding/learned_embeds_2.safetensors", text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2)',
    )
    expect(page).not.toContain("clip_skip")
  })

  it("a picture's recipe for ComfyUI needs no CLIP skip, and zeroes the empty negative prompt", async () => {
    const outcome = await runStudio(studio, everything)
    const texts = readPngText(bytes(outcome, "pictures/lora/01-seed-1-step-000004.png"))
    const types = Object.values(JSON.parse(texts.get("prompt")!) as Record<string, { class_type: string }>)
    expect(types.map(({ class_type }) => class_type)).toContain("ConditioningZeroOut")
    expect(types.map(({ class_type }) => class_type)).not.toContain("CLIPSetLastLayer")
  })

  it("without a CLIP skip trains on the states before the last layer, as with CLIP skip 2", async () => {
    const lora = async (clipSkip: number | null) =>
      bytes(await runStudio(studio, { clipSkip, paints: false }, `cache-${clipSkip}`), "lora.safetensors")
    const [unsaid, second, first] = [await lora(null), await lora(2), await lora(1)]
    expect(unsaid.equals(second)).toBe(true)
    expect(first.equals(second)).toBe(false)
  })

  it.each([
    ["first", "text_encoder/model.safetensors"],
    ["second", "text_encoder_2/model.safetensors"],
  ])("another %s text encoder encodes every caption again, and no picture", async (_, file) => {
    await runStudio(studio, own)
    edit(file, lastBitFlipped)
    const { made } = await runStudio(studio, own)
    expect(made["encode-texts"]).toBe(3)
    expect(made["encode-images"]).toBeUndefined()
  })

  it("a fine-tuned UNet leaves pictures and captions encoded", async () => {
    await runStudio(studio, own)
    edit("unet/diffusion_pytorch_model.safetensors", lastBitFlipped)
    const { made } = await runStudio(studio, own)
    expect(made).toMatchObject({ train: 1, sample: 6 })
    expect(made["encode-texts"] ?? made["encode-images"]).toBeUndefined()
  })

  it("weights with a variant's name are found", async () => {
    for (const name of ["text_encoder_2/model", "unet/diffusion_pytorch_model"]) {
      renameSync(inBase(`${name}.safetensors`), inBase(`${name}.fp16.safetensors`))
      undo.push(() => renameSync(inBase(`${name}.fp16.safetensors`), inBase(`${name}.safetensors`)))
    }
    const outcome = await runStudio(studio, { ...own, paints: false }, "cache-variant")
    expect(outcome.made).toMatchObject({ "encode-texts": 3, train: 1 })
  })
})

const broken: readonly (readonly [title: string, spoil: () => void, is: readonly Told[], choices: Partial<Choices>])[] =
  [
    [
      "without its second text encoder",
      () => away("text_encoder_2"),
      [error("base-model", "base/text_encoder_2")],
      own,
    ],
    ["without its second tokenizer", () => away("tokenizer_2"), [error("base-model", "base/tokenizer_2")], own],
    ["without its first text encoder", () => away("text_encoder"), [error("base-model", "base/text_encoder")], own],
    [
      "whose second text encoder is in another format",
      () => {
        away("text_encoder_2/model.safetensors")
        writeFileSync(inBase("text_encoder_2/pytorch_model.bin"), "x")
        undo.push(() => rmSync(inBase("text_encoder_2/pytorch_model.bin")))
      },
      [error("base-model", "base/text_encoder_2/model.safetensors")],
      own,
    ],
    [
      "whose second text encoder is cut off",
      () => edit("text_encoder_2/model.safetensors", (before) => before.subarray(0, 9000)),
      [error("base-model", "base/text_encoder_2/model.safetensors")],
      own,
    ],
    [
      "with the second text encoder of another model",
      () => editJson("text_encoder_2/config.json", { hidden_size: 48 }),
      [error("base-model", "base/unet/config.json"), error("base-model", "base/text_encoder_2/model.safetensors")],
      own,
    ],
    [
      "with a pooled vector of another width",
      () => editJson("text_encoder_2/config.json", { projection_dim: 24 }),
      [error("base-model", "base/unet/config.json"), error("base-model", "base/text_encoder_2/model.safetensors")],
      own,
    ],
    [
      "that is the refiner",
      () => editJson("unet/config.json", { projection_class_embeddings_input_dim: 12 + 5 * 8 }),
      [error("base-model", "base/unet/config.json")],
      own,
    ],
    [
      "with a CLIP skip that only the second text encoder has layers for",
      () => {},
      [error("encode", "clipSkip")],
      { clipSkip: 3 },
    ],
  ]

describe("an SDXL folder", { timeout: 240_000 }, () => {
  it.each(broken)("%s is refused before any work", async (_, spoil, is, choices) => {
    spoil()
    const { told, wording } = await refusal({ ...studio, cacheFolder: join(studio.root, "never-run") }, choices)
    expect(told).toEqual(is)
    expect(wording).not.toMatch(/\bat .*\.(ts|js):\d+/)
    expect(wording).toMatchSnapshot()
    expect(existsSync(join(studio.root, "never-run", "blobs", "sha256"))).toBe(false)
  })
})
