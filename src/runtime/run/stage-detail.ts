/**
 * What the record of a run keeps of a stage's value, so that runs can be compared later, also once the value itself is gone: the numbers
 * it returned at its top, and of a source a digest of what it read, part by part.
 */
import { Predicate, Schema } from "effect"
import type { Json } from "../model/canonical-json.ts"
import type { ItemCounts } from "../model/events.ts"
import { brief, type Known } from "../model/known-value.ts"

const ItemTally = Schema.Struct({
  restored: Schema.Int,
  toRun: Schema.Int,
  removed: Schema.Int,
  waiting: Schema.Int,
})

const StageDetailSchema = Schema.Struct({
  items: Schema.optionalKey(ItemTally),
  /** By name; a number that is the whole value has the name "". JSON has words for what is not finite. */
  numbers: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
  /** Of a source: what a key says of its value. */
  read: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
})

/** How `StageRecord.detail` is written. */
export type StageDetail = typeof StageDetailSchema.Type

const codec = Schema.toCodecJson(StageDetailSchema)
const encode = Schema.encodeSync(codec)
const decode = Schema.decodeUnknownOption(codec)

/** More parts of a source than this are kept as their count alone. */
const mostParts = 256

const notFinite: ReadonlySet<Json> = new Set(["NaN", "Infinity", "-Infinity"])

const numberIn = (json: Json): number | undefined =>
  typeof json === "number" || notFinite.has(json) ? Number(json) : undefined

const numbersIn = (json: Json): Readonly<Record<string, number>> => {
  const whole = numberIn(json)
  if (whole !== undefined) return { "": whole }
  if (!Predicate.isObject(json) || Array.isArray(json)) return {}
  return Object.fromEntries(
    Object.entries(json as Readonly<Record<string, Json>>).flatMap(([name, value]) => {
      const number = numberIn(value)
      return number === undefined ? [] : [[name, number] as const]
    }),
  )
}

export const stageDetail = (
  isSource: boolean,
  items: ItemCounts | undefined,
  value: Known | undefined,
): StageDetail => {
  const numbers = value === undefined ? {} : numbersIn(value.json)
  return {
    ...(items !== undefined && { items }),
    ...(Object.keys(numbers).length > 0 && { numbers }),
    ...(isSource &&
      value !== undefined && { read: brief(value.identity, mostParts) as Readonly<Record<string, Json>> }),
  }
}

export const stageDetailJson = (detail: StageDetail): Json => encode(detail) as Json

/** Empty where the record was written in another form. */
export const readStageDetail = (json: Json): StageDetail => {
  const read = decode(json)
  return read._tag === "Some" ? read.value : {}
}
