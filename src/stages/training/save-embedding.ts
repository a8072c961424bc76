/**
 * An embedding beside its LoRA, in the two layouts that programs read, in a folder of its own: `sks.safetensors` for
 * A1111, ComfyUI and Draw Things, whose name is the word that calls it up, and `learned_embeds.safetensors` for diffusers, which
 * takes SDXL's second table from a file of its own, `learned_embeds_2.safetensors`.
 *
 * A file counts as saved only when it has been read back and holds the same numbers.
 */
import { Effect } from "effect"
import {
  decodeEmbeddingFile,
  type EmbeddingRows,
  encodeA1111Embedding,
  encodeDiffusersEmbedding,
} from "../../formats/embedding-file.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"

const notSaved = (fileName: string, why: string): StageFailure =>
  new StageFailure({
    what: "an embedding file was not saved",
    where: fileName,
    why,
    hint: "Check the disk, and run again",
    kind: "work",
  })

const isSame = (a: readonly EmbeddingRows[], b: readonly EmbeddingRows[]): boolean =>
  a.length === b.length &&
  a.every(({ data }, place) => {
    const other = b[place]!.data
    return data.length === other.length && data.every((value, at) => Object.is(value, other[at]))
  })

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
  const tables = yield* attempt(folder, () => decodeEmbeddingFile(plain))
  const layouts = [
    { name: keyword, holds: tables, bytes: encodeA1111Embedding(tables, metadata) },
    ...tables.map((rows, place) => ({
      name: place === 0 ? "learned_embeds" : `learned_embeds_${place + 1}`,
      holds: [rows],
      bytes: encodeDiffusersEmbedding(keyword, rows, metadata),
    })),
  ]
  return yield* Effect.forEach(layouts, ({ name, holds, bytes }) =>
    Effect.gen(function* () {
      const fileName = `${folder}/${name}.safetensors`
      const file = yield* blobs.put(bytes)
      const written = yield* blobs.bytes(file)
      const again = yield* attempt(fileName, () => decodeEmbeddingFile(written, fileName))
      if (!isSame(again, holds)) {
        return yield* notSaved(fileName, "what was read back differs from what was written")
      }
      return { step, fileName, file }
    }),
  )
})
