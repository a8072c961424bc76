/**
 * Reads small files of a base model folder, and says in words what is missing or broken.
 *
 * The folder is a table from the path inside it to the path on disk, so that a hub cache, a content store or a plain
 * folder look the same from here. Text is UTF-8, with or without a byte order mark, and never empty.
 */
import { readFile, stat } from "node:fs/promises"
import { Effect, Schema } from "effect"
import { lookalikeOf } from "../../formats/lookalike.ts"
import { complaintOf, saidValue } from "../../models/unsupported-config.ts"
import { EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"

const again = "Download the file again"

/** Changes when the file is replaced or edited. */
export const fileSignature = (file: string): Effect.Effect<string, EngineFailure> =>
  Effect.tryPromise({
    try: async () => {
      const { size, mtimeNs } = await stat(file, { bigint: true })
      return `${file} ${size} ${mtimeNs}`
    },
    catch: (thrown) => inputFailure(file, `it cannot be read (${wordsOf(thrown)})`, "Check that the file is there"),
  })

export const hasBaseFile = (files: BaseModelFiles, path: string): boolean => files[path] !== undefined

/** Throws an `EngineFailure`. */
const decodeText = (file: string, bytes: Uint8Array): string => {
  if (bytes.length === 0) throw inputFailure(file, "it is empty (0 bytes)", again)
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw inputFailure(file, "it is UTF-16 text", "Save it as UTF-8 text, or download it again")
  }
  const instead = lookalikeOf(new TextDecoder("latin1").decode(bytes.subarray(0, 32)))
  if (instead !== undefined) throw inputFailure(file, `it ${instead.reason}`, instead.hint)
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    if (!text.includes("\0")) return text
  } catch {
    // Told below, together with text that is UTF-8 by accident only.
  }
  throw inputFailure(file, "it is not UTF-8 text", again)
}

export const readBaseText = Effect.fn("readBaseText")(function* (
  files: BaseModelFiles,
  path: string,
): Effect.fn.Return<string, EngineFailure> {
  const file = files[path]
  if (file === undefined) {
    return yield* inputFailure(
      path,
      "the base model has no such file",
      "Give the whole diffusers folder of a Stable Diffusion model",
    )
  }
  return yield* Effect.tryPromise({
    try: async () => {
      // A pipe or a device would be read for ever.
      if (!(await stat(file)).isFile()) throw inputFailure(file, "it is not a file", again)
      return decodeText(file, await readFile(file))
    },
    catch: (thrown) =>
      thrown instanceof EngineFailure
        ? thrown
        : inputFailure(file, `it cannot be read (${wordsOf(thrown)})`, "Check that the file is there"),
  })
})

/** The content of a JSON file, checked against what this program needs of it. */
export const readBaseJson = Effect.fn("readBaseJson")(function* <A, I>(
  files: BaseModelFiles,
  path: string,
  schema: Schema.Codec<A, I>,
): Effect.fn.Return<A, EngineFailure> {
  const text = yield* readBaseText(files, path)
  const file = files[path] ?? path
  const content = yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (thrown) => inputFailure(file, `it is not JSON (${wordsOf(thrown)})`, again),
  })
  return yield* Schema.decodeUnknownEffect(schema)(content).pipe(
    Effect.mapError((error) => {
      const { field, value, supported } = complaintOf(content, error)
      return inputFailure(
        file,
        `${field} = ${saidValue(value)}, expected ${supported}`,
        "Compare it with the model's own page",
      )
    }),
  )
})
