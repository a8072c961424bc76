/** The size that pictures are cut to, as `crop` is told it: one number for a square, or both sides. */
import { Schema } from "effect"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import type { WiredStage } from "../../runtime/model/wired-stage.ts"

export const PictureSize = Schema.Union([Schema.Int, Schema.Struct({ width: Schema.Int, height: Schema.Int })])
export type PictureSize = typeof PictureSize.Type

export interface Sides {
  readonly width: number
  readonly height: number
}

export const sidesOf = (size: PictureSize): Sides => (typeof size === "number" ? { width: size, height: size } : size)

/** Smallest VAE factor there is; the base model's own step is checked once the base model has been read. */
const smallestStep = 2

/** What is wrong with a size whatever the base model. */
export const checkSize = ({ size }: { readonly size: PictureSize }): readonly Problem[] => {
  const { width, height } = sidesOf(size)
  if (Math.min(width, height) < 8 || Math.max(width, height) > 8192) {
    const why = `${width} × ${height} pixels is outside 8 … 8192`
    return [{ field: "size", why, hint: "Stable Diffusion 1.5 was trained at 512", severity: "error" }]
  }
  if (width % smallestStep !== 0 || height % smallestStep !== 0) {
    const why = `${width} × ${height} pixels is no size a VAE can encode`
    return [{ field: "size", why, hint: "Use a multiple of 64", severity: "error" }]
  }
  return []
}

/** A size in pixels that the base model has to take, and the setting that asks for it, for the sentence when it cannot. */
export interface WantedSize extends Sides {
  readonly setting: string
  /** Of the stage whose setting it is. */
  readonly label: string
}

const Cropped = Schema.Struct({ size: PictureSize })

/** The size of the pictures that come to a stage; undefined where a stage of the user's own decides it, or it makes no sense. */
export const sizeBefore = (here: WiredStage): WantedSize | undefined => {
  const crop = here.upstream("crop")[0]
  const cropped = crop?.paramsAs(Cropped)
  if (crop === undefined || cropped === undefined || checkSize(cropped).length > 0) return undefined
  return { ...sidesOf(cropped.size), setting: "crop's size", label: crop.label }
}
