/** Bad input is told before the first second of work, in a sentence with the place, the reason and the remedy. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { decodeLoraFile } from "../../src/formats/lora-file.ts"
import { plan } from "../runtime/project.ts"
import {
  addPicture,
  type Choices,
  closeStudio,
  drawPicture,
  finished,
  line,
  makeStudio,
  refusals,
  runStudio,
  type Studio,
  warningsIn,
} from "./studio.ts"

let studio: Studio
const undo: (() => void)[] = []

beforeAll(async () => {
  studio = await makeStudio()
})
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})
afterAll(() => closeStudio(studio))

const inPictures = (name: string) => join(studio.pictures, name)
const inBase = (name: string) => join(studio.base, name)

/** Puts a file (or takes one away) for the length of a test. */
const place = (file: string, content: string | Uint8Array | undefined): void => {
  const before = existsSync(file) ? readFileSync(file) : undefined
  undo.push(() => (before === undefined ? rmSync(file) : writeFileSync(file, before)))
  if (content === undefined) rmSync(file)
  else writeFileSync(file, content)
}

const takeAway = (folder: string): void => {
  renameSync(folder, `${folder}-away`)
  undo.push(() => renameSync(`${folder}-away`, folder))
}

interface Case {
  readonly title: string
  readonly spoil?: () => void | Promise<void>
  readonly choices?: Partial<Choices>
  readonly says: readonly string[]
}

const cases: readonly Case[] = [
  {
    title: "a folder of pictures that is not there",
    choices: { pictures: "photos" },
    says: ["ingest: photos: no pictures to train on: there is no such folder. Give ingest the path of a folder"],
  },
  {
    title: "a folder without pictures",
    choices: { pictures: "base" },
    says: ["ingest: base: no pictures to train on: the folder holds no picture. Put pictures there (jpg, jpeg, png"],
  },
  {
    title: "two pictures that share a caption file",
    spoil: async () => place(inPictures("picture-1.PNG"), await drawPicture(1)),
    says: [
      "ingest: pictures/picture-1.PNG: picture-1.PNG and picture-1.jpg share one caption file. Rename one of them",
    ],
  },
  {
    title: "a caption file of 0 bytes",
    spoil: () => place(inPictures("picture-2.txt"), ""),
    says: ["ingest: pictures/picture-2.txt: the file is empty (0 bytes). Write a caption into it, or delete it"],
  },
  {
    title: "a picture without a caption, and no template",
    spoil: () => place(inPictures("picture-2.txt"), undefined),
    says: ["caption: picture-2.jpg: the picture has no caption. Write a .txt file beside the picture"],
  },
  {
    title: "a trigger placeholder without a trigger",
    spoil: () => place(inPictures("picture-2.txt"), "a photo of [trigger]"),
    choices: { trigger: null },
    says: [
      "caption: picture-2.jpg: the caption has a [trigger] placeholder, but no trigger is given. Give caption a trigger",
    ],
  },
  {
    title: "a truncated JPEG",
    spoil: async () => {
      place(inPictures("picture-1.jpg"), await drawPicture(1, 64, 64))
      truncateSync(inPictures("picture-1.jpg"), 500)
    },
    says: [
      "ingest: pictures/picture-1.jpg: a picture cannot be read: ",
      "Save picture-1.jpg again from a picture program",
    ],
  },
  {
    title: "several truncated pictures, all of which are named",
    spoil: async () => {
      for (const index of [0, 2]) {
        place(inPictures(`picture-${index}.jpg`), await drawPicture(index, 64, 64))
        truncateSync(inPictures(`picture-${index}.jpg`), 500)
      }
    },
    says: [
      "ingest: pictures/picture-0.jpg: a picture cannot be read: ",
      "ingest: pictures/picture-2.jpg: a picture cannot be read: ",
    ],
  },
  {
    title: "a picture of 0 bytes",
    spoil: () => place(inPictures("picture-1.jpg"), ""),
    says: ["ingest: pictures/picture-1.jpg: the file is empty. Save picture-1.jpg again from a picture program"],
  },
  {
    title: "a web page and an HEIC file with the names of pictures",
    spoil: () => {
      place(inPictures("picture-0.jpg"), "<!doctype html><title>404</title>")
      place(inPictures("picture-1.jpg"), "\0\0\0\u0018ftypheic\0\0\0\0")
    },
    says: [
      "ingest: pictures/picture-0.jpg: the file is a web page or drawing, whatever its name says. Save picture-0.jpg",
      "ingest: pictures/picture-1.jpg: the file is a heic, whatever its name says.",
    ],
  },
  {
    title: "a base model that is not there",
    choices: { base: "models/sd" },
    says: ["base-model: models/sd: the base model cannot be read: there is no such folder. Give baseModel the path"],
  },
  {
    title: "a base model without UNet",
    spoil: () => takeAway(inBase("unet")),
    says: ["base-model: base/unet: the base model has no UNet. A diffusers folder has unet/, vae/"],
  },
  {
    title: "a base model without a tokenizer",
    spoil: () => takeAway(inBase("tokenizer")),
    says: ["base-model: base/tokenizer: the base model has no tokenizer."],
  },
  {
    title: "weights that are no safetensors file",
    spoil: () => place(inBase("vae/diffusion_pytorch_model.safetensors"), "not what it says"),
    says: ["base-model: base/vae/diffusion_pytorch_model.safetensors: the file "],
  },
  {
    title: "weights that are cut off",
    spoil: () => {
      const file = inBase("unet/diffusion_pytorch_model.safetensors")
      place(file, readFileSync(file).subarray(0, 20_000))
    },
    says: ["base-model: base/unet/diffusion_pytorch_model.safetensors: the file "],
  },
  {
    title: "weights in another format",
    spoil: () => {
      takeAway(inBase("text_encoder/model.safetensors"))
      place(inBase("text_encoder/pytorch_model.bin"), "x")
    },
    says: [
      "base-model: base/text_encoder/model.safetensors: the file is missing. pytorch_model.bin is there; save the model",
    ],
  },
  {
    title: "a configuration that cannot be built",
    spoil: () => place(inBase("unet/config.json"), JSON.stringify({ act_fn: "mish" })),
    says: ['base-model: base/unet/config.json: act_fn = "mish" is not supported, only "silu" or "swish".'],
  },
  {
    title: "a size that the base model cannot take",
    choices: { size: 18 },
    says: [
      "18 × 18 pixels is no size this base model can take: both sides have to be multiples of 4. Set crop's size to 20",
    ],
  },
  {
    title: "a size of evaluate that the base model cannot take",
    choices: { paintSize: { width: 16, height: 30 } },
    says: ["evaluate: size: 16 × 30 pixels is no size this base model can take", "Set evaluate's size to 16 × 32"],
  },
  {
    title: "a training that no memory holds",
    choices: { size: 8192 },
    says: [
      'train: memory: training at 8192 × 8192 pixels: "small" needs ',
      " are free. Close other programs, or train on smaller pictures",
    ],
  },
  {
    title: "pictures smaller than the size, when upscale refuses them",
    spoil: async () => place(inPictures("picture-1.jpg"), await drawPicture(1, 12, 20)),
    choices: { upscale: "refuse" },
    says: ["12 × 20 pixels is smaller than 16 × 16, and upscale says to refuse it. Use a larger"],
  },
  {
    title: "nothing but pictures that are left out",
    choices: { upscale: "skip", size: 64 },
    says: ["large-enough: crop: no pictures to train on: every picture is smaller than 64 × 64 pixels"],
  },
  {
    title: "a CLIP skip below 1",
    choices: { clipSkip: 0 },
    says: ["encode: clipSkip: 0 must be 1 or more. 1 skips no layer"],
  },
  {
    title: "a CLIP skip that leaves no layer",
    choices: { clipSkip: 3 },
    says: [
      "encode: clipSkip: 3 skips more layers than this base model's text encoder has (2). Choose 1 (no skip) to 2",
    ],
  },
  {
    title: "a model for inpainting",
    spoil: () => {
      const config = JSON.parse(readFileSync(inBase("unet/config.json"), "utf8"))
      place(inBase("unet/config.json"), JSON.stringify({ ...config, in_channels: 9 }))
    },
    says: ["base-model: base/unet/config.json: the UNet takes 9 channels, the latents have 4. Models for inpainting"],
  },
  {
    title: "a model whose noise has no schedule of betas",
    spoil: () => place(inBase("scheduler/scheduler_config.json"), JSON.stringify({ _class_name: "EDMEulerScheduler" })),
    says: [
      'base-model: base/scheduler/scheduler_config.json: _class_name = "EDMEulerScheduler" is not supported, only a schedule of betas',
    ],
  },
  {
    title: "a UNet that takes other text states than the text encoder gives",
    spoil: () => {
      const config = JSON.parse(readFileSync(inBase("unet/config.json"), "utf8"))
      place(inBase("unet/config.json"), JSON.stringify({ ...config, cross_attention_dim: 24 }))
    },
    says: [
      "base-model: base/unet/config.json: the UNet takes text states of 24 numbers, the text encoder gives 16. Use the UNet",
    ],
  },
  {
    title: "parameters that train nothing or cannot be",
    choices: { training: { networkDim: 0, unetLearningRate: -1e-4, steps: 0, denoising: { start: 0.8, end: 0.2 } } },
    says: [
      "train: networkDim: 0 must be 1 or more, or 0 with a custom embedding that trains alone. Usual values are 4 to 128",
      "train: unetLearningRate: -0.0001 must not be negative. Usual values are",
      "train: steps: 0 must be 1 or more. Usual values are 500 to 3000",
      'train: denoising: {"start":0.8,"end":0.2} start and end must lie between 0 and 1, the start first.',
    ],
  },
  {
    title: "an evaluation without prompts",
    choices: { prompts: [] },
    says: ["evaluate: prompts: there is none. Give at least one prompt"],
  },
  {
    title: "a name that is no file name",
    choices: { name: "../lora" },
    says: ['checkpoint: name: "../lora" cannot be the name of a file everywhere. Use letters, digits'],
  },
]

describe("bad input", () => {
  it.each(cases)("$title", async ({ spoil, choices, says }) => {
    await spoil?.()
    const sentences = (await refusals(studio, choices ?? {})).join("\n")
    for (const said of says) expect(sentences).toContain(said)
    expect(sentences).not.toMatch(/\bat .*\.(ts|js):\d+/)
    expect(existsSync(studio.outputFolder)).toBe(false)
  })

  it("everything that is wrong is told at once", async () => {
    place(inPictures("picture-0.txt"), "")
    const sentences = await refusals(studio, { base: "nowhere", training: { steps: 0 } })
    expect(sentences.map((sentence) => sentence.split(":")[0])).toEqual(["train", "base-model", "ingest"])
  })

  it("a picture smaller than the size is enlarged, with a warning that names it, every time", async () => {
    await addPicture(studio, 0)
    place(inPictures("picture-0.jpg"), await drawPicture(0, 12, 20))
    const choices = { paints: false }
    const warning = "crop: picture-0.jpg: 12 × 20 pixels is smaller than 16 × 16, so it is enlarged and looks soft"
    expect(warningsIn(await runStudio(studio, choices))).toEqual([warning])
    expect(warningsIn(await runStudio(studio, choices))).toEqual([warning])
  })

  it("a picture smaller than the size is left out when the pipeline says so, and named", async () => {
    await addPicture(studio, 0)
    place(inPictures("picture-0.jpg"), await drawPicture(0, 12, 20))
    const outcome = await runStudio(studio, { paints: false, upscale: "skip" })
    expect(warningsIn(outcome)).toEqual([
      "crop: picture-0.jpg: 12 × 20 pixels is smaller than 16 × 16, so it is left out",
    ])
    const { metadata } = decodeLoraFile(readFileSync(finished(outcome, "lora.safetensors")))
    expect(JSON.parse(metadata["loom"] ?? "").pictures.map(({ key }: { key: string }) => key)).toEqual([
      "picture-1.jpg",
      "picture-2.jpg",
    ])
  })

  it("a wrong size is told by loom plan, before a single picture has been cut", async () => {
    const fresh = { ...studio, cacheFolder: join(studio.root, "never-run") }
    const { problems } = await Effect.runPromise(plan(fresh, line({ size: 18 })))
    expect(problems.map(({ label, why }) => `${label}: ${why}`)).toEqual([
      "crop: 18 × 18 pixels is no size this base model can take: both sides have to be multiples of 4",
    ])
  })

  it("files that may have been meant are warned about", async () => {
    place(inPictures("picture-7.heic"), "x")
    place(inPictures("picture-8.txt"), "a photo of nothing")
    expect(warningsIn(await runStudio(studio, { paints: false })).join("\n")).toMatch(
      /not read: picture-7\.heic\n.*no picture for picture-8\.txt/,
    )
  })

  it("prompts without the trigger word are warned about", async () => {
    expect(warningsIn(await runStudio(studio, { prompts: ["a dog"] }))).toEqual([
      'evaluate: prompts: no prompt has the trigger word "sks"',
    ])
  })

  it("a caption longer than the text encoder takes is cut, with a warning that says what was lost", async () => {
    place(inPictures("picture-0.txt"), `${"very ".repeat(80)}good`)
    const warnings = warningsIn(await runStudio(studio, { paints: false }))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(
      /^encode: picture-0\.jpg: the caption is longer than 77 tokens; this was cut off: ".*good"$/,
    )
  })

  it("a picture that fails leaves the others encoded and nothing half-written", async () => {
    place(inPictures("picture-1.jpg"), "no picture at all")
    await refusals(studio, {})
    const names = readdirSync(studio.root, { recursive: true, encoding: "utf8" })
    expect(names.filter((name) => /\.(part|tmp)$/.test(name))).toEqual([])
  })
})
