/**
 * The two hashes kohya's trainer puts into a LoRA file, by which A1111 and Civitai recognise it.
 *
 * Both are taken over a serialisation with the `ss_…` metadata alone, so that editing the title later changes neither
 * (`precalculate_safetensors_hashes` in kohya's `library/train_util.py`).
 */
import { createHash } from "node:crypto"
import { encodeSafetensors, type TensorToStore } from "./safetensors.ts"

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

export const loraHashes = (
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: Readonly<Record<string, string>>,
): { readonly sshs_model_hash: string; readonly sshs_legacy_hash: string } => {
  const training = Object.fromEntries(Object.entries(metadata).filter(([name]) => name.startsWith("ss_")))
  const file = encodeSafetensors(tensors, training)
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true))
  return {
    /** Everything after the header. */
    sshs_model_hash: sha256(file.subarray(8 + headerBytes)),
    /** 64 KiB from the first mebibyte on: nothing at all in a small file, as in kohya's. */
    sshs_legacy_hash: sha256(file.subarray(0x100000, 0x110000)).slice(0, 8),
  }
}
