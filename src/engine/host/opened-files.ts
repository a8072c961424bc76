/**
 * LoRA and embedding files that a host has opened, kept by content for the jobs that follow: the pictures of a sheet and the losses
 * of a validation name the same few files again and again.
 *
 * A file is known by its digest, wherever it lies. The ones whose use lies furthest back make room for new ones.
 */
import { readFile, stat } from "node:fs/promises"
import { Effect } from "effect"
import { BadFile } from "../../formats/bad-file.ts"
import { decodeEmbeddingFile, type EmbeddingRows } from "../../formats/embedding-file.ts"
import { type LoraModule, loraModule, openLoraFile } from "../../formats/lora-file.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { StoredFile } from "../jobs/stored-file.ts"

/** Bytes of all kept files together; the last one stays however large it is. */
const keptBytesLimit = 256 * 2 ** 20

interface Kept<A> {
  readonly opened: A
  readonly sizeBytes: number
}

/** An opener that remembers; `what`: the file in the words of a failure. */
export const keeping = <A>(
  what: string,
  read: (path: string) => Effect.Effect<A, BadFile>,
  limitBytes = keptBytesLimit,
) => {
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

  const open = Effect.fnUntraced(function* ({ path, sha256 }: StoredFile): Effect.fn.Return<A, BadFile> {
    const known = kept.get(sha256)
    kept.delete(sha256)
    if (known !== undefined) {
      kept.set(sha256, known)
      return known.opened
    }
    const opened = yield* read(path)
    const { size } = yield* attempt(path, () => stat(path))
    kept.set(sha256, { opened, sizeBytes: size })
    makeRoom()
    return opened
  })

  return (file: StoredFile): Effect.Effect<A, EngineFailure> =>
    Effect.mapError(open(file), (bad) => inputFailure(what, bad.message, "Train it again"))
}

const attempt = <A>(file: string, work: () => Promise<A>): Effect.Effect<A, BadFile> =>
  Effect.tryPromise({
    try: work,
    catch: (thrown) =>
      thrown instanceof BadFile
        ? thrown
        : new BadFile({ file, reason: `cannot be read (${wordsOf(thrown)})`, hint: "Check the disk" }),
  })

export const openLora: (file: StoredFile) => Effect.Effect<readonly LoraModule[], EngineFailure> = keeping(
  "the LoRA",
  (path) => Effect.flatMap(openLoraFile(path), ({ modules }) => Effect.forEach(modules, loraModule)),
)

export const openEmbedding: (file: StoredFile) => Effect.Effect<readonly EmbeddingRows[], EngineFailure> = keeping(
  "the embedding",
  (path) => attempt(path, async () => decodeEmbeddingFile(await readFile(path))),
)
