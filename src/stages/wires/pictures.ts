/**
 * Pictures on the wires: as they lie in the user's folder, and cut to the size that is trained on.
 *
 * Captions go beside them on a wire of their own, so that a changed caption never touches a pixel. Types only: a stage's
 * code digest covers what it imports, and these are imported by many.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Items } from "../../runtime/model/items.ts"
import type { Output } from "../../runtime/model/wire.ts"
import type { WantedSize } from "./base-files.ts"
import type { CaptionText } from "./captions.ts"

/** A picture as it lies in the user's folder, proven to be readable. */
export const Picture = Schema.Struct({
  /** The original file. */
  picture: Blob,
  /** Pixels after EXIF orientation. */
  width: Schema.Int,
  height: Schema.Int,
})
export type Picture = typeof Picture.Type

/** A picture of the size that is trained on. */
export const CroppedPicture = Schema.Struct({
  /** PNG, 8-bit sRGB. */
  image: Blob,
  width: Schema.Int,
  height: Schema.Int,
  /** Of the picture it was cut from, after EXIF orientation. */
  originalWidth: Schema.Int,
  originalHeight: Schema.Int,
  /** Pixels cut away above and to the left, after scaling. */
  cropTop: Schema.Int,
  cropLeft: Schema.Int,
  /** Digest of the original file, for the record. */
  originalSha256: Schema.String,
})
export type CroppedPicture = typeof CroppedPicture.Type

/** Pictures by file name, and their captions under the same names on a wire of their own. */
export interface PictureSet<A> extends Output<Items<A>> {
  readonly captions: Output<Items<CaptionText>>
}

/** Pictures of one size, which is known before any of them has been cut, unless it makes no sense. */
export interface CroppedPictureSet extends PictureSet<CroppedPicture> {
  readonly size?: WantedSize
}
