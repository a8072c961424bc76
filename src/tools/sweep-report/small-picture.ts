/** A picture as reports hold it: WebP, at most 256 pixels wide, so that a hundred of them make a file that can be sent. */

const mostWide = 256
/** Small pictures are kept as they are: what a lossy form would save is little, and what it spoils is seen. */
const losslessUpTo = 128
const quality = 82

/** `picture` is a PNG or any other form that sharp reads. */
export const smallPicture = async (picture: Uint8Array): Promise<Uint8Array> => {
  const { default: sharp } = await import("sharp")
  const opened = sharp(picture)
  const { width } = await opened.metadata()
  return opened
    .resize({ width: mostWide, withoutEnlargement: true, kernel: "lanczos3" })
    .webp(width <= losslessUpTo ? { lossless: true } : { quality })
    .toBuffer()
}
