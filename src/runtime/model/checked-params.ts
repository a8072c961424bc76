/**
 * The parameters of a call once they have met their schema: decoded and as JSON, or what is wrong with them in the caller's words.
 *
 * A name that the schema does not know gets the one that was meant: the nearest, or the word that other programs have for it.
 */
import { Predicate, Result } from "effect"
import { canonicalJson, type Json, NotJson } from "./canonical-json.ts"
import { nearestName } from "./nearest-name.ts"
import type { ParamsSchema } from "./node.ts"
import { sayValue } from "./say-value.ts"
import { encodeJson, type FieldIssue, makeParams } from "./schema-codec.ts"
import { fieldsAt, kindsOf } from "./schema-shape.ts"
import { type AnyWire, isWire } from "./wire.ts"

export interface ParamsIssue extends FieldIssue {
  readonly hint: string
}

export type CheckedParams =
  | { readonly kind: "fits"; readonly params: object; readonly encoded: Readonly<Record<string, Json>> }
  | { readonly kind: "misfit"; readonly issues: readonly ParamsIssue[] }

/** Other programs' words for a parameter: `{ learning_rate: "unetLearningRate" }`. */
export type OtherWords = Readonly<Record<string, string>>

/** Checks what a call was given as its parameters. */
export const checkParams = (schema: ParamsSchema, given: unknown, otherWords: OtherWords = {}): CheckedParams => {
  const unfit = notARecord(given) ?? unprintable(given)
  if (unfit !== undefined) return { kind: "misfit", issues: [unfit] }
  const made = Result.gen(function* () {
    const params = yield* makeParams(schema, given ?? {})
    return { params, encoded: yield* encodeJson(schema, params) }
  })
  if (Result.isFailure(made)) {
    return { kind: "misfit", issues: made.failure.map((issue) => inWords(schema, issue, given, otherWords)) }
  }
  return { kind: "fits", ...made.success, encoded: made.success.encoded as Readonly<Record<string, Json>> }
}

const inFile = "Correct it in the pipeline file."

/** What is wrong with parameters that are no record at all. */
export const notARecord = (given: unknown): ParamsIssue | undefined => {
  if (given === undefined) return undefined
  if (isWire(given)) {
    const why = `a wire (${given.carries}) stands where the parameters belong`
    return { field: "", why, hint: "Give all wires together as the first argument, in one record" }
  }
  if (isRecord(given)) return undefined
  return { field: "", why: `its parameters have to be a record; this is ${sayValue(given)}`, hint: inFile }
}

const isRecord = (given: unknown): given is Readonly<Record<string, unknown>> => {
  if (!Predicate.isObject(given)) return false
  const prototype = Object.getPrototypeOf(given)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A record that contains itself has no end, whatever its schema. */
const unprintable = (given: unknown): ParamsIssue | undefined => {
  const path = cycleIn(given, [], "")
  return path === undefined ? undefined : { field: path, why: "it contains itself", hint: "Write the values out" }
}

const cycleIn = (value: unknown, above: readonly unknown[], path: string): string | undefined => {
  if (!Array.isArray(value) && !isRecord(value)) return undefined
  if (above.includes(value)) return path
  for (const [name, inner] of Object.entries(value)) {
    const found = cycleIn(inner, [...above, value], path === "" ? name : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

const inWords = (schema: ParamsSchema, issue: FieldIssue, given: unknown, otherWords: OtherWords): ParamsIssue => {
  const value = valueAt(given, issue.field)
  if (issue.isUnknown === true && isWire(value)) return wireAmongParams(issue.field, value)
  if (issue.isUnknown === true) return unknownParam(schema, issue.field, otherWords)
  const strange = strangeAt(given, issue.field)
  if (strange !== undefined) return strange
  const kinds = kindsOf(schema, issue.field)
  if (typeof value === "string" && kinds.length > 0) return kindAlone(issue.field, value, kinds)
  return { field: issue.field, why: issue.why, hint: inFile }
}

const wireAmongParams = (field: string, { carries }: AnyWire): ParamsIssue => {
  const why = `it is a wire (${carries}) and stands among the parameters`
  return { field, why, hint: "Give it with the other wires, in the record that is the first argument" }
}

/** The first value on the way to a field that JSON cannot say. */
const strangeAt = (given: unknown, field: string): ParamsIssue | undefined => {
  const path = field.split(".")
  for (const [index] of path.entries()) {
    const at = path.slice(0, index + 1).join(".")
    const strange = notJson(valueAt(given, at))
    if (strange !== undefined) return { field: at, why: `${strange} cannot be a parameter`, hint: plainHint }
  }
  return undefined
}

const plainHint = "Write it as numbers, texts, lists and records"

const unknownParam = (schema: ParamsSchema, field: string, otherWords: OtherWords): ParamsIssue => {
  const name = field.split(".").at(-1)!
  const known = fieldsAt(schema, field)
  const meant = (field === name ? otherWords[name] : undefined) ?? nearestName(name, known)
  const all = known.length === 0 ? "It has none" : `It has ${known.join(", ")}`
  const hint = meant === undefined ? all : `Did you mean ${meant}?`
  return { field, why: `there is no parameter "${name}"`, hint }
}

/** A choice of records, each with a `kind`, of which only the kind was written. */
const kindAlone = (field: string, value: string, kinds: readonly string[]): ParamsIssue => {
  const meant = kinds.includes(value) ? value : nearestName(value, kinds)
  const shapes = kinds.map((kind) => `{ kind: "${kind}" }`).join(" or ")
  const why = `"${value}" has to be a record with a kind`
  return { field, why, hint: meant === undefined ? `Write ${shapes}` : `Write { kind: "${meant}" }` }
}

const valueAt = (given: unknown, field: string): unknown =>
  field === ""
    ? given
    : field.split(".").reduce<unknown>((value, name) => {
        if (Array.isArray(value)) return value[Number(name)]
        return isRecord(value) ? value[name] : undefined
      }, given)

/** What of a value JSON cannot say: "a Map". */
const notJson = (value: unknown): string | undefined => {
  if (typeof value === "number" || value === undefined) return undefined
  try {
    canonicalJson(value as Json)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof NotJson)) throw thrown
    return thrown.found.startsWith("of type ") ? `a ${thrown.found.slice("of type ".length)}` : thrown.found
  }
}
