/**
 * What kind of picture a file is, by its first bytes: a few microseconds per file, where decoding proves everything but takes time.
 *
 * A file that starts like no picture at all (an empty one, a web page saved as .jpg, an iPhone's HEIC under another name) is
 * told before any work.
 */
import { open } from "node:fs/promises"

/** Enough for every signature here. */
const signatureBytes = 16

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  bytes.length >= at + text.length && [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))

/** ISO media files name their brand behind "ftyp". */
const isoKind = (bytes: Uint8Array): string => {
  const brand = String.fromCharCode(...bytes.subarray(8, 12))
  if (brand === "avif" || brand === "avis" || brand === "mif1") return "avif"
  return /^(hei|hev|msf)/.test(brand) ? "heic" : "video"
}

/** "jpeg", "png", "gif", "webp", "avif", "tiff"; what else it may be that people mistake for a picture; or undefined. */
export const pictureKind = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg"
  if (startsWith(bytes, "\u0089PNG\r\n\u001a\n")) return "png"
  if (startsWith(bytes, "GIF8")) return "gif"
  if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return "webp"
  if (startsWith(bytes, "II*\0") || startsWith(bytes, "MM\0*") || startsWith(bytes, "II+\0")) return "tiff"
  if (startsWith(bytes, "ftyp", 4)) return isoKind(bytes)
  if (startsWith(bytes, "<")) return "web page or drawing"
  return undefined
}

const readable = ["jpeg", "png", "gif", "webp", "avif", "tiff"]

/** Why a file can be no picture that is read here; undefined when it starts like one. */
export const notAPicture = async (path: string): Promise<string | undefined> => {
  await using file = await open(path, "r")
  const { buffer, bytesRead } = await file.read(new Uint8Array(signatureBytes), 0, signatureBytes, 0)
  if (bytesRead === 0) return "the file is empty"
  const kind = pictureKind(buffer.subarray(0, bytesRead))
  if (kind === undefined) return "the file does not start like a picture"
  return readable.includes(kind) ? undefined : `the file is a ${kind}, whatever its name says`
}
