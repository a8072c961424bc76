/**
 * A value that is known: its JSON, and what a key says about it.
 *
 * A key holds the digest of the whole value, so content decides. Beside it stand the digests of the value's parts (the
 * items of a keyed list, the fields of a record) so that an explanation can say which of them changed, and small plain values
 * stand there themselves. All of it follows from the value, so none of it adds anything to the identity.
 */
import { Predicate } from "effect"
import { canonicalJson, type Json } from "./canonical-json.ts"
import { digestText } from "./fingerprint.ts"
import type { Items } from "./items.ts"

export interface Known {
  readonly json: Json
  readonly identity: Identity
}

/** What a key says about a value. */
export type Identity =
  | { readonly digest: string; readonly value: string | number | boolean | null }
  | { readonly digest: string; readonly items: Readonly<Record<string, string>> }
  | { readonly digest: string; readonly fields: Readonly<Record<string, string>> }
  | { readonly digest: string; readonly count: number }

/** Digests of parts only tell parts of one value apart; the whole digest is the identity. 64 bits are plenty. */
const partDigits = 16
const longestShownText = 200

export const known = (json: Json): Known => {
  let identity: Identity | undefined
  return {
    json,
    get identity() {
      identity ??= identify(json)
      return identity
    },
  }
}

/** True for a list of exactly `{ key, value }` records with distinct keys. */
export const isKeyedList = (json: Json): json is Items<Json> => {
  if (!Array.isArray(json)) return false
  const keys = new Set<Json>()
  for (const item of json as readonly Json[]) {
    if (!isRecord(item) || Object.keys(item).length !== 2 || !("value" in item)) return false
    if (typeof item["key"] !== "string" || keys.has(item["key"])) return false
    keys.add(item["key"])
  }
  return true
}

/** The same identity without the parts when there are many: what stands in the key of each of a thousand items. */
export const brief = (identity: Identity, mostParts: number): Json => {
  const parts = "items" in identity ? identity.items : "fields" in identity ? identity.fields : {}
  const count = Object.keys(parts).length
  return count > mostParts ? { digest: identity.digest, count } : { ...identity }
}

const isRecord = (json: Json): json is Readonly<Record<string, Json>> =>
  Predicate.isObject(json) && !Array.isArray(json)

const identify = (json: Json): Identity => {
  if (isKeyedList(json) && json.length > 0) return identifyItems(json)
  if (isRecord(json)) return identifyRecord(json)
  const text = canonicalJson(json)
  const digest = digestText(text)
  if (Array.isArray(json)) return { digest, count: json.length }
  return text.length <= longestShownText
    ? { digest, value: json as string | number | boolean | null }
    : { digest, count: text.length }
}

// Both put the whole's canonical text together from the parts' texts, so that each part is printed once.
const identifyItems = (list: Items<Json>): Identity => {
  const items: Record<string, string> = {}
  const texts = list.map(({ key, value }) => {
    const text = canonicalJson(value)
    items[key] = digestText(text).slice(0, partDigits)
    return `{"key":${JSON.stringify(key)},"value":${text}}`
  })
  return { digest: digestText(`[${texts.join(",")}]`), items }
}

const identifyRecord = (record: Readonly<Record<string, Json>>): Identity => {
  const fields: Record<string, string> = {}
  const texts: string[] = []
  for (const name of Object.keys(record).sort()) {
    if (record[name] === undefined) continue
    const text = canonicalJson(record[name])
    fields[name] = digestText(text).slice(0, partDigits)
    texts.push(`${JSON.stringify(name)}:${text}`)
  }
  return { digest: digestText(`{${texts.join(",")}}`), fields }
}
