/** The picture sheet of a sweep: which picture stands where. And pictures as reports hold them. */
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { smallPicture } from "../../../src/tools/sweep-report/small-picture.ts"
import { sweepSheet } from "../../../src/tools/sweep-report/sweep-sheet.ts"
import { madeUpTable } from "./made-up-table.ts"

type Colour = readonly [red: number, green: number, blue: number]

const plain = (width: number, height: number, [r, g, b]: Colour) =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } })

const small = async (colour: Colour) => plain(64, 64, colour).webp({ lossless: true }).toBuffer()

/** Trial and prompt, to be read from a pixel. */
const colours = await Promise.all(Array.from({ length: 25 * 2 }, (_, at) => small([10 * (at >> 1), 100 * (at & 1), 7])))
const pictured = madeUpTable({ prompts: ["one", "two"], picture: (trial, prompt) => colours[2 * trial + prompt]! })

/** The colour in the middle of each picture of a sheet, row by row: pictures of 64 pixels stand 192 wide, 10 apart. */
const cells = async (sheet: Uint8Array, rows: number): Promise<readonly (readonly Colour[])[]> => {
  const { data, info } = await sharp(sheet).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const top = info.height - 32 - rows * 192 - (rows - 1) * (10 + 18)
  return Array.from({ length: rows }, (_, row) =>
    [0, 1].map((column): Colour => {
      const [x, y] = [32 + 200 + column * 202 + 96, top + row * 220 + 96]
      const at = (y * info.width + x) * info.channels
      return [data[at]!, data[at + 1]!, data[at + 2]!]
    }),
  )
}

describe("the picture sheet of a sweep", () => {
  const shown = pictured.trials.filter(({ pictures }) => pictures.length > 0).sort((a, b) => a.rank! - b.rank!)

  it("has a row for each trial with pictures, best first, and a column for each prompt", async () => {
    const sheet = await sweepSheet(pictured)
    expect(await cells(sheet!, shown.length)).toEqual(
      shown.map(({ trial }) => [
        [10 * trial, 0, 7],
        [10 * trial, 100, 7],
      ]),
    )
  })

  it("leaves a prompt white that a trial has not painted", async () => {
    const [first] = shown
    const trials = pictured.trials.map((trial) =>
      trial.trial === first!.trial ? { ...trial, pictures: trial.pictures.slice(1) } : trial,
    )
    // The order of prompts is that in which they are met: the best trial's own come first.
    const [best, second] = await cells((await sweepSheet({ ...pictured, trials }))!, shown.length)
    expect(best).toEqual([
      [10 * first!.trial, 100, 7],
      [255, 255, 255],
    ])
    expect(second![1]).toEqual([10 * shown[1]!.trial, 0, 7])
  })

  it("has the same bytes for the same table", async () => {
    expect(Buffer.from((await sweepSheet(pictured))!).equals((await sweepSheet(pictured))!)).toBe(true)
  })

  it("is not there where no trial has pictures", async () => {
    expect(await sweepSheet(madeUpTable())).toBeUndefined()
  })
})

describe("a small picture", () => {
  it.each([
    [512, 768, 256, 384],
    [64, 64, 64, 64],
  ])("of %d × %d is %d × %d", async (width, height, ...expected) => {
    const made = await smallPicture(await plain(width, height, [1, 2, 3]).png().toBuffer())
    const { format, width: w, height: h } = await sharp(made).metadata()
    expect([format, w, h]).toEqual(["webp", ...expected])
  })

  it("that was small already keeps every pixel", async () => {
    const pixels = Buffer.from(Array.from({ length: 32 * 32 * 3 }, (_, at) => (at * 7919) % 256))
    const png = await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toBuffer()
    const kept = await sharp(await smallPicture(png))
      .removeAlpha()
      .raw()
      .toBuffer()
    expect(kept.equals(pixels)).toBe(true)
  })
})
