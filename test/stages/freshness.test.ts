/** Run, rerun, edit, revert: for every stage, what a change computes again, and that its undoing computes nothing. */
import { appendFileSync, copyFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import {
  addPicture,
  type Choices,
  closeStudio,
  copyStudio,
  finished,
  type Made,
  makeStudio,
  runStudio,
  type Studio,
} from "./studio.ts"

/** In which the line has run once; every test gets a copy. */
let first: Studio
let studio: Studio
const captionFile = () => join(studio.pictures, "picture-1.txt")
const unetFile = () => join(studio.base, "unet/diffusion_pytorch_model.safetensors")

beforeAll(async () => {
  first = await makeStudio()
  const { made } = await runStudio(first)
  expect(made).toEqual({
    ingest: 3,
    crop: 3,
    caption: 3,
    "encode-images": 3,
    "encode-texts": 3,
    encode: 1,
    train: 1,
    checkpoint: 1,
    "plan-samples": 1,
    sample: 6,
    evaluate: 1,
  })
})
beforeEach(() => {
  studio = copyStudio(first)
})
afterEach(() => closeStudio(studio))
afterAll(() => closeStudio(first))

/** A change of values in the pipeline file, and what it computes. */
const values: readonly (readonly [title: string, choices: Partial<Choices>, made: Made])[] = [
  [
    "another size crops and encodes every picture, and no caption",
    { size: 20 },
    { crop: 3, "encode-images": 3, encode: 1, train: 1, checkpoint: 1, "plan-samples": 1, sample: 6, evaluate: 1 },
  ],
  [
    "another trigger word encodes every caption, and no picture",
    { trigger: "zwx" },
    { caption: 3, "encode-texts": 3, encode: 1, train: 1, checkpoint: 1, "plan-samples": 1, sample: 4, evaluate: 1 },
  ],
  [
    "another CLIP skip encodes every caption, and paints the base model's pictures too",
    { clipSkip: 2 },
    { "encode-texts": 3, encode: 1, train: 1, checkpoint: 1, "plan-samples": 1, sample: 6, evaluate: 1 },
  ],
  [
    "another learning rate trains, and leaves the base model's pictures",
    { training: { unetLearningRate: 2e-3 } },
    { train: 1, checkpoint: 1, "plan-samples": 1, sample: 4, evaluate: 1 },
  ],
  ["another name writes the files anew and paints nothing", { name: "other" }, { checkpoint: 1, evaluate: 1 }],
  [
    "another prompt paints the pictures of that prompt only",
    { prompts: ["a dog", "a frog"] },
    { "plan-samples": 1, sample: 3, evaluate: 1 },
  ],
  ["another guidance paints every picture", { guidance: 3 }, { "plan-samples": 1, sample: 6, evaluate: 1 }],
  ["another snapshot interval changes nothing", { training: { snapshotEverySteps: 3 } }, {}],
  ["another memory mode changes nothing", { training: { memory: "small" } }, {}],
]

/** A change on disk, how to undo it, and what it computes. */
const edits: readonly (readonly [title: string, edit: () => void | Promise<void>, undo: () => void, made: Made])[] = [
  [
    "a changed caption is the only one that is encoded, and no picture is",
    () => writeFileSync(captionFile(), "quite another thing"),
    () => writeFileSync(captionFile(), "a photo of number 1"),
    { caption: 1, "encode-texts": 1, encode: 1, train: 1, checkpoint: 1, "plan-samples": 1, sample: 4, evaluate: 1 },
  ],
  [
    "a new picture is the only one that is read, cropped and encoded",
    () => addPicture(studio, 3, "a photo of number 3"),
    () => {
      for (const ending of ["jpg", "txt"]) rmSync(join(studio.pictures, `picture-3.${ending}`))
    },
    {
      ingest: 1,
      crop: 1,
      caption: 1,
      "encode-images": 1,
      "encode-texts": 1,
      encode: 1,
      train: 1,
      checkpoint: 1,
      "plan-samples": 1,
      sample: 4,
      evaluate: 1,
    },
  ],
  [
    "a fine-tuned UNet trains and paints, and leaves pictures and captions encoded",
    () => {
      copyFileSync(unetFile(), join(studio.root, "unet.safetensors"))
      const bytes = readFileSync(unetFile())
      bytes[bytes.length - 2] = bytes[bytes.length - 2]! ^ 1
      writeFileSync(unetFile(), bytes)
    },
    () => copyFileSync(join(studio.root, "unet.safetensors"), unetFile()),
    { train: 1, checkpoint: 1, "plan-samples": 1, sample: 6, evaluate: 1 },
  ],
  [
    "a caption file that is only touched changes nothing",
    () => utimesSync(captionFile(), new Date(), new Date()),
    () => {},
    {},
  ],
  [
    "a file that is neither picture nor caption changes nothing",
    () => appendFileSync(join(studio.pictures, "notes.md"), "hello"),
    () => rmSync(join(studio.pictures, "notes.md")),
    {},
  ],
]

describe("freshness", { timeout: 240_000 }, () => {
  it("a second run computes nothing and names the same files", async () => {
    const { made, report } = await runStudio(studio)
    expect(made).toEqual({})
    expect(report.artifacts.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["lora.safetensors", "lora-000002.safetensors", "lora-sheet.png", "lora-how-to-use.md"]),
    )
    expect(report.artifacts.every(({ written }) => !written)).toBe(true)
  })

  it("a deleted finished file is written again from the cache", async () => {
    const file = finished(await runStudio(studio), "lora-sheet.png")
    const before = readFileSync(file)
    rmSync(file)
    const { made } = await runStudio(studio)
    expect(made).toEqual({})
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it("a prompt that was painted before is not painted again", async () => {
    await runStudio(studio, { prompts: ["a dog", "a frog"] })
    const { made } = await runStudio(studio, { prompts: ["a dog", "a cat", "a frog"] })
    expect(made).toEqual({ "plan-samples": 1, evaluate: 1 })
  })

  it.each(values)("%s", async (_title, choices, made) => {
    const { made: computed } = await runStudio(studio, choices)
    expect(computed).toEqual(made)
    expect((await runStudio(studio)).made).toEqual({})
  })

  it.each(edits)("%s", async (_title, edit, undo, made) => {
    await edit()
    expect((await runStudio(studio)).made).toEqual(made)
    undo()
    expect((await runStudio(studio)).made).toEqual({})
  })
})
