/** Bad input is told before the first second of work, in a sentence with the place, the reason and the remedy. */
import { existsSync, readdirSync, readFileSync, renameSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeLoraFile } from "../rig/lora-bytes.ts"
import { placedFiles } from "../rig/placed-files.ts"
import { error, problemsTold, type Told, warning } from "../rig/told.ts"
import { plan } from "../runtime/project.ts"
import {
  type Choices,
  closeStudio,
  drawPicture,
  finished,
  line,
  makeStudio,
  refusal,
  runStudio,
  type Studio,
  warningsIn,
} from "./studio.ts"

let studio: Studio
const { place, undo } = placedFiles()

beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

const inPictures = (name: string) => join(studio.pictures, name)
const inBase = (name: string) => join(studio.base, name)

/** The studio with a cache and an output folder in which nothing is ever finished. */
const neverRun = (): Studio => ({
  ...studio,
  cacheFolder: join(studio.root, "never-run"),
  outputFolder: join(studio.root, "never-written"),
})

const takeAway = (folder: string): void => {
  renameSync(folder, `${folder}-away`)
  undo(() => renameSync(`${folder}-away`, folder))
}

interface Case {
  readonly title: string
  readonly spoil?: () => void | Promise<void>
  readonly choices?: Partial<Choices>
  readonly is: readonly Told[]
}

const unreadable = (picture: string): Told => ({ label: "ingest", where: picture, kind: "input" })

const cases: readonly Case[] = [
  {
    title: "a folder of pictures that is not there",
    choices: { pictures: "photos" },
    is: [error("ingest", "photos")],
  },
  {
    title: "a folder without pictures",
    choices: { pictures: "base" },
    is: [error("ingest", "base")],
  },
  {
    title: "two pictures that share a caption file",
    spoil: async () => place(inPictures("picture-1.PNG"), await drawPicture(1)),
    is: [error("ingest", "pictures/picture-1.PNG")],
  },
  {
    title: "a caption file of 0 bytes",
    spoil: () => place(inPictures("picture-2.txt"), ""),
    is: [error("ingest", "pictures/picture-2.txt")],
  },
  {
    title: "a picture without a caption, and no template",
    spoil: () => place(inPictures("picture-2.txt"), undefined),
    is: [error("caption", "picture-2.jpg")],
  },
  {
    title: "a trigger placeholder without a trigger",
    spoil: () => place(inPictures("picture-2.txt"), "a photo of [trigger]"),
    choices: { trigger: null },
    is: [error("caption", "picture-2.jpg")],
  },
  {
    title: "a truncated JPEG",
    spoil: async () => {
      place(inPictures("picture-1.jpg"), await drawPicture(1, 64, 64))
      truncateSync(inPictures("picture-1.jpg"), 500)
    },
    is: [unreadable("pictures/picture-1.jpg")],
  },
  {
    title: "several truncated pictures, all of which are named",
    spoil: async () => {
      for (const index of [0, 2]) {
        place(inPictures(`picture-${index}.jpg`), await drawPicture(index, 64, 64))
        truncateSync(inPictures(`picture-${index}.jpg`), 500)
      }
    },
    is: [unreadable("pictures/picture-0.jpg"), unreadable("pictures/picture-2.jpg")],
  },
  {
    title: "a picture of 0 bytes",
    spoil: () => place(inPictures("picture-1.jpg"), ""),
    is: [error("ingest", "pictures/picture-1.jpg")],
  },
  {
    title: "a web page and an HEIC file with the names of pictures",
    spoil: () => {
      place(inPictures("picture-0.jpg"), "<!doctype html><title>404</title>")
      place(inPictures("picture-1.jpg"), "\0\0\0\u0018ftypheic\0\0\0\0")
    },
    is: [error("ingest", "pictures/picture-0.jpg"), error("ingest", "pictures/picture-1.jpg")],
  },
  {
    title: "a base model that is not there",
    choices: { base: "models/sd" },
    is: [error("base-model", "models/sd")],
  },
  {
    title: "a base model without UNet",
    spoil: () => takeAway(inBase("unet")),
    is: [error("base-model", "base/unet")],
  },
  {
    title: "a base model without a tokenizer",
    spoil: () => takeAway(inBase("tokenizer")),
    is: [error("base-model", "base/tokenizer")],
  },
  {
    title: "weights that are no safetensors file",
    spoil: () => place(inBase("vae/diffusion_pytorch_model.safetensors"), "not what it says"),
    is: [error("base-model", "base/vae/diffusion_pytorch_model.safetensors")],
  },
  {
    title: "weights that are cut off",
    spoil: () => {
      const file = inBase("unet/diffusion_pytorch_model.safetensors")
      place(file, readFileSync(file).subarray(0, 20_000))
    },
    is: [error("base-model", "base/unet/diffusion_pytorch_model.safetensors")],
  },
  {
    title: "weights in another format",
    spoil: () => {
      takeAway(inBase("text_encoder/model.safetensors"))
      place(inBase("text_encoder/pytorch_model.bin"), "x")
    },
    is: [error("base-model", "base/text_encoder/model.safetensors")],
  },
  {
    title: "a configuration that cannot be built",
    spoil: () => place(inBase("unet/config.json"), JSON.stringify({ act_fn: "mish" })),
    is: [error("base-model", "base/unet/config.json")],
  },
  {
    title: "a size that the base model cannot take",
    choices: { size: 18 },
    is: [error("crop", "size")],
  },
  {
    title: "a size of evaluate that the base model cannot take",
    choices: { paintSize: { width: 16, height: 30 } },
    is: [error("evaluate", "size")],
  },
  {
    title: "a training that no memory holds",
    choices: { size: 8192 },
    is: [error("train", "memory")],
  },
  {
    title: "pictures smaller than the size, when upscale refuses them",
    spoil: async () => place(inPictures("picture-1.jpg"), await drawPicture(1, 12, 20)),
    choices: { upscale: "refuse" },
    is: [{ label: "crop", where: "crop: picture-1.jpg", kind: "input" }],
  },
  {
    title: "nothing but pictures that are left out",
    choices: { upscale: "skip", size: 64 },
    is: [{ label: "large-enough", where: "crop", kind: "input" }],
  },
  {
    title: "a CLIP skip below 1",
    choices: { clipSkip: 0 },
    is: [error("encode", "clipSkip")],
  },
  {
    title: "a CLIP skip that leaves no layer",
    choices: { clipSkip: 3 },
    is: [error("encode", "clipSkip")],
  },
  {
    title: "a model for inpainting",
    spoil: () => {
      const config = JSON.parse(readFileSync(inBase("unet/config.json"), "utf8"))
      place(inBase("unet/config.json"), JSON.stringify({ ...config, in_channels: 9 }))
    },
    is: [error("base-model", "base/unet/config.json")],
  },
  {
    title: "a model whose noise has no schedule of betas",
    spoil: () => place(inBase("scheduler/scheduler_config.json"), JSON.stringify({ _class_name: "EDMEulerScheduler" })),
    is: [error("base-model", "base/scheduler/scheduler_config.json")],
  },
  {
    title: "a UNet that takes other text states than the text encoder gives",
    spoil: () => {
      const config = JSON.parse(readFileSync(inBase("unet/config.json"), "utf8"))
      place(inBase("unet/config.json"), JSON.stringify({ ...config, cross_attention_dim: 24 }))
    },
    is: [error("base-model", "base/unet/config.json")],
  },
  {
    title: "parameters that train nothing or cannot be",
    choices: { training: { networkDim: 0, unetLearningRate: -1e-4, steps: 0, denoising: { start: 0.8, end: 0.2 } } },
    is: [
      error("train", "networkDim"),
      error("train", "unetLearningRate"),
      error("train", "steps"),
      error("train", "denoising"),
    ],
  },
  {
    title: "an evaluation without prompts",
    choices: { prompts: [] },
    is: [error("evaluate", "prompts")],
  },
  {
    title: "a name that is no file name",
    choices: { name: "../lora" },
    is: [error("checkpoint", "name")],
  },
]

describe("bad input", () => {
  it.each(cases)("$title", async ({ spoil, choices, is }) => {
    await spoil?.()
    const { told, wording } = await refusal(neverRun(), choices ?? {})
    expect(told).toEqual(is)
    expect(wording).not.toMatch(/\bat .*\.(ts|js):\d+/)
    expect(wording).toMatchSnapshot()
    expect(existsSync(neverRun().outputFolder)).toBe(false)
  })

  it("everything that is wrong is told at once", async () => {
    place(inPictures("picture-0.txt"), "")
    const { told } = await refusal(neverRun(), { base: "nowhere", training: { steps: 0 } })
    expect(told.map(({ label }) => label)).toEqual(["train", "base-model", "ingest"])
  })

  it("a picture smaller than the size is enlarged, with a warning that names it, every time", async () => {
    place(inPictures("picture-0.jpg"), await drawPicture(0, 12, 20))
    const { told, wording } = warningsIn(await runStudio(studio, { paints: false }))
    expect(told).toEqual([warning("crop", "picture-0.jpg")])
    expect(wording).toMatchSnapshot()
    expect(warningsIn(await runStudio(studio, { paints: false }))).toEqual({ told, wording })
  })

  it("a picture smaller than the size is left out when the pipeline says so, and named", async () => {
    place(inPictures("picture-0.jpg"), await drawPicture(0, 12, 20))
    const outcome = await runStudio(studio, { paints: false, upscale: "skip" })
    const { told, wording } = warningsIn(outcome)
    expect(told).toEqual([warning("crop", "picture-0.jpg")])
    expect(wording).toMatchSnapshot()
    const { metadata } = decodeLoraFile(readFileSync(finished(outcome, "lora.safetensors")))
    expect(JSON.parse(metadata["loom"] ?? "").pictures.map(({ key }: { key: string }) => key)).toEqual([
      "picture-1.jpg",
      "picture-2.jpg",
    ])
  })

  it("a wrong size is told by loom plan, before a single picture has been cut", async () => {
    const { problems } = await Effect.runPromise(plan(neverRun(), line({ size: 18 })))
    const { told, wording } = problemsTold(problems)
    expect(told).toEqual([error("crop", "size")])
    expect(wording).toMatchSnapshot()
  })

  it("files that may have been meant are warned about", async () => {
    place(inPictures("picture-7.heic"), "x")
    place(inPictures("picture-8.txt"), "a photo of nothing")
    const { told, wording } = warningsIn(await runStudio(studio, { paints: false }))
    expect(told).toEqual([warning("ingest", ""), warning("ingest", "")])
    expect(wording).toMatchSnapshot()
  })

  it("prompts without the trigger word are warned about", async () => {
    const { told, wording } = warningsIn(await runStudio(studio, { prompts: ["a dog"] }))
    expect(told).toEqual([warning("evaluate", "prompts")])
    expect(wording).toMatchSnapshot()
  })

  it("a caption longer than the text encoder takes is cut, with a warning that says what was lost", async () => {
    place(inPictures("picture-0.txt"), `${"very ".repeat(80)}good`)
    const { told, wording } = warningsIn(await runStudio(studio, { paints: false }))
    expect(told).toEqual([warning("encode", "picture-0.jpg")])
    expect(wording).toContain('good"')
    expect(wording).toMatchSnapshot()
  })

  it("a picture that fails leaves the others encoded and nothing half-written", async () => {
    place(inPictures("picture-1.jpg"), "no picture at all")
    await refusal(studio, {})
    const names = readdirSync(studio.root, { recursive: true, encoding: "utf8" })
    expect(names.filter((name) => /\.(part|tmp)$/.test(name))).toEqual([])
  })
})
