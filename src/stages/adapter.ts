/** The adapters inside a training snapshot, as a LoRA file without metadata. */
import { Effect } from "effect"
import { loraModulesOf } from "../engine/snapshot.ts"
import { encodeLoraFile } from "../formats/lora-file.ts"
import type { Blob } from "../runtime/blob.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"

export const adapterFrom = Effect.fnUntraced(function* (
  snapshot: Blob,
  { networkScale }: { readonly networkScale: number },
) {
  const { blobs } = yield* StageContext
  const bytes = yield* blobs.bytes(snapshot)
  const file = yield* Effect.try({
    try: () => encodeLoraFile(loraModulesOf(bytes, networkScale), {}),
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
  return yield* blobs.put(file)
})
