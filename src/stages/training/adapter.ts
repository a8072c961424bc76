/** What was trained, out of a training snapshot: a LoRA file and an embedding file as A1111 has it, both without metadata. */
import { Effect } from "effect"
import { embeddingOf, loraModulesOf } from "../../engine/train/snapshot.ts"
import { encodeA1111Embedding } from "../../formats/embedding-file.ts"
import { encodeLoraFile } from "../../formats/lora-file.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"

/** Each is null where nothing of its kind was trained. */
export const trainedFrom = Effect.fnUntraced(function* (
  snapshot: Blob,
  { networkScale }: { readonly networkScale: number },
) {
  const { blobs } = yield* StageContext
  const bytes = yield* blobs.bytes(snapshot)
  const { modules, rows } = yield* Effect.try({
    try: () => ({ modules: loraModulesOf(bytes, networkScale), rows: embeddingOf(bytes) }),
    catch: (cause) =>
      new StageFailure({
        what: "a snapshot cannot be read",
        where: snapshot.sha256.slice(0, 12),
        why: cause instanceof Error ? cause.message : String(cause),
        hint: "Delete the cache folder and run again",
        kind: "work",
        cause,
      }),
  })
  return {
    adapter: modules.length === 0 ? null : yield* blobs.put(encodeLoraFile(modules, {})),
    embedding: rows.length === 0 ? null : yield* blobs.put(encodeA1111Embedding(rows)),
  }
})
