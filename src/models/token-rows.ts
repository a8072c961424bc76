/**
 * Between pictures [batch, channels, height, width] and token rows [batch · height · width, channels].
 *
 * The one idea: everything that treats each picture element alone runs on rows, where it is one Gemm straight from the
 * weight's file layout.
 */
import { reshape, transpose } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"

export type PictureShape = readonly [batch: number, channels: number, height: number, width: number]

export const pictureShape = (x: Tensor): PictureShape => x.shape as PictureShape

export const toRows = (picture: Tensor): Tensor => {
  const [batch, channels, height, width] = pictureShape(picture)
  return reshape(transpose(picture, [0, 2, 3, 1]), [batch * height * width, channels])
}

/** The inverse, for a picture of this batch and size; the channels are those of the rows. */
export const toPicture = (rows: Tensor, [batch, , height, width]: PictureShape): Tensor =>
  transpose(reshape(rows, [batch, height, width, rows.shape[1]!]), [0, 3, 1, 2])
