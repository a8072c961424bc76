/** What was trained, out of a training snapshot: a LoRA file and an embedding file as A1111 has it, both without metadata. */
import { Effect } from "effect"
import { embeddingIn, loraModulesInSnapshot } from "../../engine/train/snapshot.ts"
import type { BadFile } from "../../formats/bad-file.ts"
import { encodeA1111Embedding } from "../../formats/embedding-file.ts"
import { loraPieces } from "../../formats/lora-file.ts"
import { readSafetensorsHeader } from "../../formats/safetensors.ts"
import { wholeOf } from "../../formats/write-safetensors.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"

const unreadable = (snapshot: Blob, cause: BadFile): StageFailure =>
  new StageFailure({
    what: "a snapshot cannot be read",
    where: snapshot.sha256.slice(0, 12),
    why: cause.message,
    hint: "Delete the cache folder and run again",
    kind: "work",
    cause,
  })

/** Each is null where nothing of its kind was trained. */
export const trainedFrom = Effect.fnUntraced(function* (
  snapshot: Blob,
  { networkScale }: { readonly networkScale: number },
) {
  const { blobs } = yield* StageContext
  const path = yield* blobs.path(snapshot)
  const files = Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(path)
    const modules = loraModulesInSnapshot(header, networkScale)
    const rows = yield* embeddingIn(header)
    return {
      adapter: modules.length === 0 ? null : yield* blobs.putStream(wholeOf((yield* loraPieces(modules, {})).pieces)),
      embedding: rows.length === 0 ? null : yield* blobs.put(encodeA1111Embedding(rows)),
    }
  })
  return yield* Effect.catchTag(files, "BadFile", (bad) => Effect.fail(unreadable(snapshot, bad)))
})
