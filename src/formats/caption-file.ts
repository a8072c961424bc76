/**
 * Captions beside pictures: `dog.txt` belongs to `dog.jpg`.
 *
 * UTF-8, with or without a byte order mark, lines ended in any way, white space trimmed at both ends: the text is the same wherever
 * it was saved. No file means no caption (`null`), but
 * a file that is there and says nothing is an error: whoever made it meant to write something.
 */
import { readFile } from "node:fs/promises"
import { extname } from "node:path"
import { Effect } from "effect"
import { BadFile } from "./bad-file.ts"

/** Where the caption of a picture lies. */
export const captionFileOf = (picture: string): string =>
  `${picture.slice(0, picture.length - extname(picture).length)}.txt`

const asUtf8 = "Save it as UTF-8 text"

/** The caption in the bytes of a caption file; throws `BadFile`. */
export const decodeCaption = (bytes: Uint8Array, file: string): string => {
  if (bytes.length === 0) {
    throw new BadFile({ file, reason: "is empty (0 bytes)", hint: "Write a caption into it, or delete it" })
  }
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new BadFile({ file, reason: "is UTF-16 text", hint: asUtf8 })
  }
  const caption = decodeUtf8(bytes, file).replace(/\r\n?/g, "\n").trim()
  if (caption !== "") return caption
  throw new BadFile({ file, reason: "holds nothing but white space", hint: "Write a caption into it, or delete it" })
}

/** TextDecoder drops a byte order mark by itself. */
const decodeUtf8 = (bytes: Uint8Array, file: string): string => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    if (!text.includes("\0")) return text
  } catch {
    // Told below, together with text that is UTF-8 by accident only.
  }
  throw new BadFile({ file, reason: "is not UTF-8 text", hint: asUtf8 })
}

/** The caption of a picture (or of a caption file itself), from the file beside it; `null` when there is no such file. */
export const readCaptionFile = (picture: string): Effect.Effect<string | null, BadFile> => {
  const file = captionFileOf(picture)
  return Effect.tryPromise({
    try: async () => decodeCaption(await readFile(file), file),
    catch: (cause) => cause,
  }).pipe(
    Effect.catch((cause) => {
      if (cause instanceof BadFile) return Effect.fail(cause)
      const code = String((cause as { readonly code?: unknown } | null)?.code ?? cause)
      if (code === "ENOENT") return Effect.succeed(null)
      return Effect.fail(new BadFile({ file, reason: `cannot be read (${code})`, hint: "Check its permissions" }))
    }),
  )
}
