/**
 * Texts inside a PNG, by keyword: how pictures carry their recipe (ISO/IEC 15948, §11.3.4).
 *
 * Reads the three kinds of text chunk (tEXt, zTXt, iTXt). Writes tEXt when the text fits Latin-1 and iTXt (UTF-8, not
 * compressed) otherwise, as Pillow does, so that the tools which read A1111's and ComfyUI's pictures find ours.
 */
import { inflateSync } from "node:zlib"
import { BadFile } from "./bad-file.ts"
import { joinPng, type PngChunk, splitPng } from "./png-chunks.ts"

const latin1 = new TextDecoder("latin1")
const utf8 = new TextDecoder("utf-8")

/** A text chunk larger than this when unpacked is an attack, not a recipe. */
const maximalTextBytes = 64 * 2 ** 20

const zeroAfter = (data: Uint8Array, start: number): number => {
  const at = data.indexOf(0, start)
  return at < 0 ? data.length : at
}

const inflate = (data: Uint8Array): Uint8Array => inflateSync(data, { maxOutputLength: maximalTextBytes })

/** keyword, 0, then text; zTXt has one byte of method before it, iTXt flag, method, language, 0, translation, 0. */
const textOf = ({ type, data }: PngChunk): readonly [keyword: string, text: string] | null => {
  const keywordEnd = zeroAfter(data, 0)
  const keyword = latin1.decode(data.subarray(0, keywordEnd))
  if (type === "tEXt") return [keyword, latin1.decode(data.subarray(keywordEnd + 1))]
  if (type === "zTXt") return [keyword, latin1.decode(inflate(data.subarray(keywordEnd + 2)))]
  if (type !== "iTXt") return null
  const compressed = data[keywordEnd + 1] === 1
  const languageEnd = zeroAfter(data, keywordEnd + 3)
  const text = data.subarray(zeroAfter(data, languageEnd + 1) + 1)
  return [keyword, utf8.decode(compressed ? inflate(text) : text)]
}

/** The texts of a PNG by keyword; of two with one keyword the first counts. Throws `BadFile`. */
export const readPngText = (png: Uint8Array, file = "the picture"): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>()
  for (const chunk of splitPng(png, file)) {
    try {
      const pair = textOf(chunk)
      if (pair && !texts.has(pair[0])) texts.set(...pair)
    } catch {
      throw new BadFile({ file, reason: `has a ${chunk.type} part that cannot be unpacked`, hint: "Save it again" })
    }
  }
  return texts
}

const fitsLatin1 = (text: string): boolean => !/[\u0100-\uffff]/.test(text)

const textChunk = (keyword: string, text: string): PngChunk =>
  fitsLatin1(text)
    ? { type: "tEXt", data: Buffer.from(`${keyword}\0${text}`, "latin1") }
    : { type: "iTXt", data: Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, "latin1"), Buffer.from(text, "utf8")]) }

/** The keyword rule of the PNG specification: 1–79 printable Latin-1 characters, no space at either end. */
const isKeyword = (keyword: string): boolean =>
  /^[\u0020-\u007e\u00a1-\u00ff]{1,79}$/.test(keyword) && keyword.trim() === keyword

/** The PNG with these texts, before its first pixels. A text under the same keyword is replaced. Throws `BadFile`. */
export const writePngText = (
  png: Uint8Array,
  texts: Readonly<Record<string, string>>,
  file = "the picture",
): Uint8Array<ArrayBuffer> => {
  const wrong = Object.keys(texts).find((keyword) => !isKeyword(keyword))
  if (wrong !== undefined) {
    const reason = `cannot take a text called ${JSON.stringify(wrong)}`
    throw new BadFile({ file, reason, hint: "PNG keywords are 1 to 79 Latin letters, digits and signs" })
  }
  const kept = splitPng(png, file).filter(
    ({ type, data }) =>
      !["tEXt", "zTXt", "iTXt"].includes(type) ||
      !Object.hasOwn(texts, latin1.decode(data.subarray(0, zeroAfter(data, 0)))),
  )
  const firstPixels = kept.findIndex(({ type }) => type === "IDAT")
  if (firstPixels < 0) throw new BadFile({ file, reason: "is a PNG without pixels", hint: "Save the picture again" })
  const written = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text))
  return joinPng([...kept.slice(0, firstPixels), ...written, ...kept.slice(firstPixels)])
}
