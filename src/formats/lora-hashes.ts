/**
 * The two hashes kohya's trainer puts into a LoRA file, by which A1111 and Civitai recognise it.
 *
 * Both are taken over a serialisation with the `ss_…` metadata alone, so that editing the title later changes neither
 * (`precalculate_safetensors_hashes` in kohya's `library/train_util.py`). They are taken piece by piece.
 */
import { createHash, type Hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { Effect, Stream } from "effect"
import { BadFile } from "./bad-file.ts"
import { type SafetensorsPieces, safetensorsPieces, type TensorToCome } from "./write-safetensors.ts"

/** Where the older hash looks: 64 KiB from the first mebibyte on, which is nothing at all in a small file, as in kohya's. */
const legacyStart = 0x100000
const legacyEnd = 0x110000

/** OpenSSL takes less than 2 GiB in one go. */
const hashedAtOnceBytes = 2 ** 30

const update = (hash: Hash, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; at += hashedAtOnceBytes) hash.update(bytes.subarray(at, at + hashedAtOnceBytes))
}

const hashesOf = ({ head, data }: SafetensorsPieces) =>
  Effect.suspend(() => {
    const model = createHash("sha256")
    const legacy = createHash("sha256")
    let position = head.length
    const updateLegacy = (piece: Uint8Array, start: number): void => {
      legacy.update(piece.subarray(Math.max(0, legacyStart - start), Math.max(0, legacyEnd - start)))
    }
    updateLegacy(head, 0)
    const take = (piece: Uint8Array): void => {
      update(model, piece)
      updateLegacy(piece, position)
      position += piece.length
    }
    return Effect.as(
      Stream.runForEach(data, (piece) => Effect.sync(() => take(piece))),
      { model, legacy },
    )
  })

/** The metadata's `sshs_…` keys. */
export const loraHashes = (
  tensors: ReadonlyMap<string, TensorToCome>,
  metadata: Readonly<Record<string, string>>,
): Effect.Effect<{ readonly sshs_model_hash: string; readonly sshs_legacy_hash: string }, BadFile> => {
  const training = Object.fromEntries(Object.entries(metadata).filter(([name]) => name.startsWith("ss_")))
  return Effect.map(hashesOf(safetensorsPieces(tensors, training)), ({ model, legacy }) => ({
    /** Everything after the header. */
    sshs_model_hash: model.digest("hex"),
    sshs_legacy_hash: legacy.digest("hex").slice(0, 8),
  }))
}

/** The model hash of a file as it lies on disk: the SHA-256 of everything from `dataStart` on. */
export const modelHashOfFile = (file: string, dataStart: number): Effect.Effect<string, BadFile> =>
  Effect.tryPromise({
    try: async (signal) => {
      const hash = createHash("sha256")
      for await (const piece of createReadStream(file, { start: dataStart, highWaterMark: 1 << 20, signal })) {
        hash.update(piece)
      }
      return hash.digest("hex")
    },
    catch: (cause) =>
      new BadFile({
        file,
        reason: `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        hint: "Check its permissions and the disk",
      }),
  })
