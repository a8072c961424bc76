/** The adapters inside a training snapshot, as a LoRA file without metadata. */
import { Effect } from "effect"
import { encodeLoraFile, type LoraModule } from "../formats/lora-file.ts"
import { decodeSafetensors } from "../formats/safetensors.ts"
import type { Blob } from "../runtime/blob.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"

/** How a snapshot names an adapter's first matrix. */
const downName = /^adapter\/(.+)\.lora_down\.weight$/

/** Alpha is what LoRA files store in place of the scale: alpha = scale · dim. */
const modulesIn = (snapshot: Uint8Array, alpha: number): readonly LoraModule[] => {
  const { header, float32 } = decodeSafetensors(snapshot, "the snapshot")
  return [...header.tensors.keys()].flatMap((name) => {
    const key = downName.exec(name)?.[1]
    if (key === undefined) return []
    const upName = `adapter/${key}.lora_up.weight`
    return {
      key,
      alpha,
      down: float32(name),
      up: float32(upName),
      downShape: header.tensors.get(name)?.shape ?? [],
      upShape: header.tensors.get(upName)?.shape ?? [],
    }
  })
}

export const adapterFrom = Effect.fnUntraced(function* (
  snapshot: Blob,
  { networkDim, networkScale }: { readonly networkDim: number; readonly networkScale: number },
) {
  const { blobs } = yield* StageContext
  const bytes = yield* blobs.bytes(snapshot)
  const file = yield* Effect.try({
    try: () => encodeLoraFile(modulesIn(bytes, networkDim * networkScale), {}),
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
