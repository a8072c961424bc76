/**
 * Identity of a step: the SHA-256 of its pre-image, a record of everything the step's result may depend on.
 *
 * Properties the rest of the runtime stands on:
 *  - the record's type and format version are part of the text, so records of two kinds or of two releases never share a key;
 *  - parts are length-prefixed, so no two pre-images run together into one text;
 *  - fields are canonical JSON, so the order in which they were written does not matter;
 *  - the pre-image is stored beside the result, so "why did this run" is a comparison of two of them.
 * Location, log level, concurrency and time of day are not fields: they do not change a result.
 * Keys frozen in a test hold this: a change here makes every user compute everything again.
 */
import * as crypto from "node:crypto"
import { Schema } from "effect"
import { canonicalJson, type Json } from "./canonical-json.ts"

const hexDigest = Schema.String.pipe(Schema.check(Schema.isPattern(/^[0-9a-f]{64}$/)))

/** What a result is filed under: 64 hexadecimal digits. */
export const Key = hexDigest.pipe(Schema.brand("Key"))
export type Key = typeof Key.Type

/** What a key is made of. */
export interface PreImage {
  /** The kind of record; keeps keys of different kinds apart. */
  readonly type: "stage" | "item" | "trajectory-start" | "trajectory-step"
  /** Version of this layout; raised when the meaning of a field changes, so that old keys are never met again by accident. */
  readonly format: 1
  /** Everything the result depends on, by name, ready to be shown to a person. */
  readonly fields: Readonly<Record<string, Json>>
}

/** The key of a pre-image; throws `NotJson` when a field has no JSON form. */
export const keyOf = (preImage: PreImage): Key =>
  digestText(
    ["loom", preImage.type, String(preImage.format), canonicalJson(preImage.fields)].map(prefixed).join(""),
  ) as Key

/** The SHA-256 of a value's canonical JSON, in hexadecimal. */
export const digestJson = (value: Json): string => digestText(canonicalJson(value))

/** The SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export const digestText = (text: string): string => crypto.hash("sha256", text)

// A netstring (length in bytes, colon, text, comma).
const prefixed = (text: string): string => `${Buffer.byteLength(text)}:${text},`
