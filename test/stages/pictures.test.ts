/** Pictures of every kind come out as the user sees them: turned upright, over white, cut around the centre. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp, { type Sharp } from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { crop, ingest, pipeline } from "../../src/index.ts"
import type { Items } from "../../src/runtime/model/items.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { Blobs } from "../../src/runtime/storage/blobs.ts"
import { coverCrop } from "../../src/stages/crop.ts"
import type { CroppedPicture } from "../../src/stages/wires/pictures.ts"
import { run } from "../runtime/project.ts"
import { closeStudio, makeStudio, type Studio } from "./studio.ts"

let studio: Studio
beforeAll(async () => {
  studio = await makeStudio()
})
afterAll(() => closeStudio(studio))

/** Left half red, right half blue. */
const halves = (width: number, height: number): Sharp =>
  sharp({ create: { width, height, channels: 3, background: "#ff0000" } }).composite([
    {
      input: { create: { width: Math.ceil(width / 2), height, channels: 3, background: "#0000ff" } },
      left: Math.floor(width / 2),
      top: 0,
    },
  ])

const makers: Readonly<Record<string, () => Promise<Buffer>>> = {
  "exif.jpg": () => halves(40, 20).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
  "png.png": () => halves(40, 20).png().toBuffer(),
  "webp.webp": () => halves(40, 20).webp({ lossless: true }).toBuffer(),
  "tiff.tiff": () => halves(40, 20).tiff({ compression: "lzw" }).toBuffer(),
  "avif.avif": () => halves(40, 20).avif({ lossless: true }).toBuffer(),
  "gif.gif": () => halves(40, 20).gif().toBuffer(),
  "clear.png": () =>
    sharp({ create: { width: 20, height: 20, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer(),
  "gray.png": () =>
    sharp({ create: { width: 20, height: 20, channels: 3, background: "#808080" } })
      .toColourspace("b-w")
      .png()
      .toBuffer(),
}

/** The cropped pictures and their pixels, by a name without ending. */
const cropped = async (names: readonly string[], folder: string) => {
  mkdirSync(join(studio.root, folder))
  for (const name of names) writeFileSync(join(studio.root, folder, name), await makers[name]!())
  const twoStages = pipeline("crop", () => crop(ingest(folder), { size: 16 }))
  const report = await Effect.runPromise(run(studio, twoStages))
  const items = report.results["crop"] as unknown as Items<CroppedPicture>
  const read = Effect.gen(function* () {
    const blobs = yield* Blobs
    return yield* Effect.forEach(items, ({ value }) => blobs.bytes(value.image))
  })
  const bytes = await Effect.runPromise(Effect.provide(read, runtimeLayer(studio.cacheFolder)))
  const pixels = await Promise.all(bytes.map((png) => sharp(png).raw().toBuffer({ resolveWithObject: true })))
  return new Map(items.map(({ key, value }, index) => [key, { ...value, ...pixels[index]! }]))
}

describe("ingest and crop", () => {
  it("every format is read, its alpha over white, its EXIF orientation obeyed", async () => {
    const found = await cropped(Object.keys(makers), "kinds")
    expect([...found.keys()]).toEqual(Object.keys(makers).sort())
    const at = (key: string, x: number, y: number) => {
      const { data, info } = found.get(key)!
      expect(info).toMatchObject({ width: 16, height: 16, channels: 3 })
      return [...data.subarray(3 * (16 * y + x), 3 * (16 * y + x) + 3)]
    }
    for (const key of ["png.png", "webp.webp", "tiff.tiff", "avif.avif", "gif.gif"]) {
      expect(at(key, 1, 8)[0]).toBeGreaterThan(240)
      expect(at(key, 14, 8)[2]).toBeGreaterThan(240)
    }
    // Orientation 6 is a quarter turn: what was left is now above.
    expect(at("exif.jpg", 8, 1)[0]).toBeGreaterThan(240)
    expect(at("exif.jpg", 8, 14)[2]).toBeGreaterThan(240)
    expect(found.get("exif.jpg")).toMatchObject({ originalWidth: 20, originalHeight: 40, cropTop: 8, cropLeft: 0 })
    expect(at("clear.png", 8, 8)).toEqual([255, 255, 255])
    const gray = at("gray.png", 8, 8)
    expect(new Set(gray).size).toBe(1)
  })

  it.each([
    [
      { width: 40, height: 20 },
      { width: 16, height: 16 },
      { width: 32, height: 16, left: 8, top: 0, scale: 0.8 },
    ],
    [
      { width: 20, height: 40 },
      { width: 16, height: 16 },
      { width: 16, height: 32, left: 0, top: 8, scale: 0.8 },
    ],
    [
      { width: 8, height: 8 },
      { width: 16, height: 24 },
      { width: 24, height: 24, left: 4, top: 0, scale: 3 },
    ],
    [
      { width: 101, height: 67 },
      { width: 64, height: 64 },
      { width: 96, height: 64, left: 16, top: 0 },
    ],
  ])("%j covers %j as %j", (original, target, expected) => {
    expect(coverCrop(original, target)).toMatchObject(expected)
  })
})
