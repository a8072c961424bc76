/**
 * `crop(pictures, { size })`: every picture brought to one size, scaled to cover it and cut around the centre.
 *
 * EXIF orientation first, Lanczos scaling, transparency over white, sRGB. The result is a PNG of exactly that size,
 * with the original size and the place of the cut, which SDXL takes as conditioning. Enlarging is a choice.
 */
import { Effect, Schema } from "effect"
import { composite } from "../runtime/define/composite.ts"
import { itemStage } from "../runtime/define/item-stage.ts"
import { Items } from "../runtime/model/items.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import type { MakeIn } from "../runtime/model/wire.ts"
import { withDefault } from "../settings/field-defaults.ts"
import { checkSize, PictureSize, sidesOf } from "./base/picture-size.ts"
import { enlargingProblems, largeEnough, Upscale } from "./dataset/enlarging.ts"
import { openSharp } from "./dataset/open-sharp.ts"
import { CroppedPicture, type CroppedPictures, Picture, type Pictures } from "./wires/pictures.ts"

const CropSettings = Schema.Struct({
  /** Side of the square in pixels, or width and height. A multiple of the base model's own step, 64 for most. */
  size: PictureSize,
  /** What to do with a picture that is smaller: enlarge it with a warning (default), refuse to run, or leave it out. */
  upscale: withDefault(Upscale, "warn"),
})
/** What `crop` is told: `size` is required. */
export interface CropParams extends MakeIn<typeof CropSettings> {
  /** Side of the square in pixels, or width and height. A multiple of the base model's own step, 64 for most. */
  readonly size: PictureSize
}

/** Where a picture lands: its size after scaling to cover, and the centred cut. */
export const coverCrop = (
  original: { readonly width: number; readonly height: number },
  target: { readonly width: number; readonly height: number },
) => {
  const scale = Math.max(target.width / original.width, target.height / original.height)
  const width = Math.max(target.width, Math.round(original.width * scale))
  const height = Math.max(target.height, Math.round(original.height * scale))
  return {
    scale,
    width,
    height,
    left: Math.floor((width - target.width) / 2),
    top: Math.floor((height - target.height) / 2),
  }
}

const cropStage = itemStage({
  name: "crop",
  noun: "picture",
  code: import.meta.url,
  params: CropSettings,
  item: Picture,
  output: CroppedPicture,
  check: checkSize,
  keyed: ({ size }) => ({ size }),
  inspect: ({ params, items }) => enlargingProblems(items, sidesOf(params.size), params.upscale),
  run: Effect.fnUntraced(function* ({ params, key, item }) {
    const { blobs } = yield* StageContext
    const target = sidesOf(params.size)
    const plan = coverCrop(item, target)
    const path = yield* blobs.path(item.picture)
    const png = yield* Effect.tryPromise({
      try: () => cut(path, plan, target),
      catch: (cause) =>
        new StageFailure({
          what: "a picture cannot be cropped",
          where: key,
          why: cause instanceof Error ? cause.message : String(cause),
          hint: `Save ${key} again from a picture program, or take it out of the folder`,
          kind: "input",
          cause,
        }),
    })
    return {
      image: yield* blobs.put(png),
      width: target.width,
      height: target.height,
      originalWidth: item.width,
      originalHeight: item.height,
      cropTop: plan.top,
      cropLeft: plan.left,
      originalSha256: item.picture.sha256,
    }
  }),
})

const cut = async (
  path: string,
  plan: ReturnType<typeof coverCrop>,
  target: { readonly width: number; readonly height: number },
): Promise<Uint8Array> => {
  const sharp = await openSharp()
  return sharp(path, { failOn: "error" })
    .autoOrient()
    .resize(plan.width, plan.height, { fit: "fill", kernel: "lanczos3" })
    .extract({ left: plan.left, top: plan.top, width: target.width, height: target.height })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .png({ compressionLevel: 6 })
    .toBuffer()
}

/**
 * Every picture scaled to cover `size` and cut around its centre.
 *
 * `size`: side of the square in pixels, or `{ width, height }`. `upscale`, for pictures smaller than that: "warn" (default)
 * enlarges them, "refuse" stops the run, "skip" leaves them out; all three name them. Scaling is Lanczos, transparency becomes
 * white, colours become sRGB. A size that does not fit the base model is told before any work.
 *
 * @returns PNGs of exactly that size, by file name; `encode` takes them as `images`.
 *
 * @example
 * const images = crop(pictures, { size: 512 })
 */
export const crop: (pictures: Pictures | { readonly pictures: Pictures }, params: CropParams) => CroppedPictures =
  composite({
    name: "crop",
    wires: { pictures: Items(Picture) },
    output: Items(CroppedPicture),
    build: ({ pictures }, params: CropParams) => {
      const isSelective = params.upscale === "skip" && Schema.is(PictureSize)(params.size)
      const kept = isSelective ? largeEnough(pictures, sidesOf(params.size)) : pictures
      return cropStage(kept, params)
    },
  })
