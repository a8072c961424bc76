/**
 * Reads small files of a base model folder, and says in words what is missing or broken.
 *
 * The folder is a table from the path inside it to the path on disk, so that a hub cache, a content store or a plain
 * folder look the same from here.
 */
import { readFile, stat } from "node:fs/promises"
import { Effect, Schema } from "effect"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"

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
    try: () => readFile(file, "utf8"),
    catch: (thrown) => inputFailure(file, `it cannot be read (${wordsOf(thrown)})`, "Check that the file is there"),
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
    catch: (thrown) => inputFailure(file, `it is not JSON (${wordsOf(thrown)})`, "Fetch the file again"),
  })
  return yield* Schema.decodeUnknownEffect(schema)(content).pipe(
    Effect.mapError((error) => inputFailure(file, firstLine(error.message), "Compare it with the model's own page")),
  )
})

const firstLine = (message: string): string => message.split("\n").join(" ").trim()
