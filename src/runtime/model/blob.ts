/**
 * A blob: bytes named by their SHA-256. This is the reference that travels through outputs and keys; the bytes lie in the
 * blob store (blobs.ts) or in a file of the user's own (file-memo.ts).
 */
import { Predicate, Schema } from "effect"
import type { Json } from "./canonical-json.ts"

/** 64 hexadecimal digits: the SHA-256 of some bytes. */
export const Sha256 = Schema.String.pipe(Schema.check(Schema.isPattern(/^[0-9a-f]{64}$/)), Schema.brand("Sha256"))
export type Sha256 = typeof Sha256.Type

/**
 * Bytes by content, as a stage's result refers to them; `work.put` makes one, `work.bytes` reads it. The size travels along so that a
 * truncated file is noticed without reading it.
 */
export const Blob = Schema.Struct({
  /** 64 hexadecimal digits. */
  sha256: Sha256,
  sizeBytes: Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0))),
})
export interface Blob extends Schema.Schema.Type<typeof Blob> {}

const isSha256 = (value: unknown): value is Sha256 => Predicate.isString(value) && /^[0-9a-f]{64}$/.test(value)

/** True for a record that carries a digest and a size, whatever else it may carry. */
const isBlob = (value: object): value is Blob =>
  "sha256" in value && isSha256(value.sha256) && "sizeBytes" in value && Number.isSafeInteger(value.sizeBytes)

/** Every blob that an encoded value refers to, each once, in order of appearance. */
export const collectBlobs = (value: Json): readonly Blob[] => {
  const found = new Map<string, Blob>()
  const visit = (part: Json): void => {
    if (typeof part !== "object" || part === null) return
    if (isBlob(part)) found.set(part.sha256, { sha256: part.sha256, sizeBytes: part.sizeBytes })
    for (const inner of Object.values(part)) visit(inner)
  }
  visit(value)
  return [...found.values()]
}
