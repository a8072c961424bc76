/**
 * LoRA and embedding files that a host has opened, kept by content for the jobs that follow: the pictures of a sheet and the losses
 * of a validation name the same few files again and again.
 *
 * A file is known by its digest, wherever it lies. The ones whose use lies furthest back make room for new ones.
 */
import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import { decodeEmbeddingFile, type EmbeddingRows } from "../../formats/embedding-file.ts"
import { decodeLoraFile, type LoraModule } from "../../formats/lora-file.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { StoredFile } from "../jobs/stored-file.ts"

/** Bytes of all kept files together; the last one stays however large it is. */
const keptBytesLimit = 256 * 2 ** 20

interface Kept<A> {
  readonly opened: A
  readonly sizeBytes: number
}

/** An opener that remembers; `what`: the file in the words of a failure. */
export const keeping = <A>(what: string, decode: (bytes: Uint8Array) => A, limitBytes = keptBytesLimit) => {
  // A Map keeps the order of insertion: the first is the one whose use lies furthest back.
  const kept = new Map<string, Kept<A>>()

  const makeRoom = (): void => {
    let sizeBytes = [...kept.values()].reduce((sum, one) => sum + one.sizeBytes, 0)
    for (const [digest, one] of kept) {
      if (sizeBytes <= limitBytes || kept.size === 1) return
      kept.delete(digest)
      sizeBytes -= one.sizeBytes
    }
  }

  const open = async ({ path, sha256 }: StoredFile): Promise<A> => {
    const known = kept.get(sha256)
    kept.delete(sha256)
    if (known !== undefined) {
      kept.set(sha256, known)
      return known.opened
    }
    const bytes = await readFile(path)
    const opened = decode(bytes)
    kept.set(sha256, { opened, sizeBytes: bytes.length })
    makeRoom()
    return opened
  }

  return (file: StoredFile): Effect.Effect<A, EngineFailure> =>
    Effect.tryPromise({
      try: () => open(file),
      catch: (thrown) => inputFailure(what, wordsOf(thrown), "Train it again"),
    })
}

export const openLora: (file: StoredFile) => Effect.Effect<readonly LoraModule[], EngineFailure> = keeping(
  "the LoRA",
  (bytes) => decodeLoraFile(bytes).modules,
)

export const openEmbedding: (file: StoredFile) => Effect.Effect<readonly EmbeddingRows[], EngineFailure> = keeping(
  "the embedding",
  (bytes) => decodeEmbeddingFile(bytes),
)
