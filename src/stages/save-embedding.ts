/**
 * An embedding beside its LoRA, in the two layouts that programs read, in a folder of its own: `sks.safetensors` for
 * A1111, ComfyUI and Draw Things, whose name is the word that calls it up, and `learned_embeds.safetensors` for diffusers.
 *
 * A file counts as saved only when it has been read back and holds the same numbers.
 */
import { Effect } from "effect"
import { decodeEmbeddingFile, encodeA1111Embedding, encodeDiffusersEmbedding } from "../formats/embedding-file.ts"
import type { Blob } from "../runtime/blob.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"

const notSaved = (fileName: string, why: string): StageFailure =>
  new StageFailure({
    what: "an embedding file was not saved",
    where: fileName,
    why,
    hint: "Check the disk, and run again",
    kind: "work",
  })

const isSame = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, at) => Object.is(value, b[at]))

/** `stem`: the name of the LoRA file beside it, without extension. */
export const saveEmbedding = Effect.fnUntraced(function* (
  stem: string,
  step: number,
  keyword: string,
  embedding: Blob,
  metadata: Readonly<Record<string, string>>,
) {
  const { blobs } = yield* StageContext
  const folder = `${stem}-embedding`
  const attempt = <A>(fileName: string, work: () => A) =>
    Effect.try({
      try: work,
      catch: (cause) => notSaved(fileName, cause instanceof Error ? cause.message : String(cause)),
    })
  const plain = yield* blobs.bytes(embedding)
  const rows = yield* attempt(folder, () => decodeEmbeddingFile(plain))
  const layouts = [
    { name: keyword, bytes: encodeA1111Embedding(rows, metadata) },
    { name: "learned_embeds", bytes: encodeDiffusersEmbedding(keyword, rows, metadata) },
  ]
  return yield* Effect.forEach(layouts, ({ name, bytes }) =>
    Effect.gen(function* () {
      const fileName = `${folder}/${name}.safetensors`
      const file = yield* blobs.put(bytes)
      const written = yield* blobs.bytes(file)
      const again = yield* attempt(fileName, () => decodeEmbeddingFile(written, fileName))
      if (!isSame(again.data, rows.data)) {
        return yield* notSaved(fileName, "what was read back differs from what was written")
      }
      return { step, fileName, file }
    }),
  )
})
