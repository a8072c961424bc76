/**
 * Pictures on the wires: as they lie in the user's folder, and cut to the size that is trained on.
 *
 * Captions go beside them on a wire of their own, so that a changed caption never touches a pixel. Types only: a stage's
 * code digest covers what it imports, and these are imported by many.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Items } from "../../runtime/model/items.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"

/** A picture as it lies in the user's folder, proven to be readable. */
export const Picture = named(
  "picture",
  Schema.Struct({
    /** The original file. */
    picture: Blob,
    /** Pixels after EXIF orientation. */
    width: Schema.Int,
    height: Schema.Int,
  }),
)
export interface Picture extends Schema.Schema.Type<typeof Picture> {}

/** A picture of the size that is trained on. */
export const CroppedPicture = named(
  "cropped picture",
  Schema.Struct({
    /** PNG, 8-bit sRGB. */
    image: Blob,
    /** Pixels, as cut. */
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
  }),
)
export interface CroppedPicture extends Schema.Schema.Type<typeof CroppedPicture> {}

/** Pictures by file name: the wire that `ingest` gives. The captions beside them are found behind them. */
export interface Pictures extends Wire<"pictures", Items<Picture>> {}

/** Pictures of one size, by file name: the wire that `crop` gives. */
export interface CroppedPictures extends Wire<"cropped pictures", Items<CroppedPicture>> {}
