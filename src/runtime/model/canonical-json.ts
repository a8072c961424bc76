/**
 * Canonical JSON: one text for one value, so that a digest of the text is a digest of the value.
 *
 * The rules are RFC 8785's: members sorted by UTF-16 code units, no white space, numbers as ECMAScript prints them
 * (so −0 is 0). A member that is `undefined` counts as absent, as it does for `JSON.stringify`. Whatever has no JSON form
 * (NaN, infinities, functions, dates, maps, bytes) is refused with the path to it instead of being written as null.
 */
import { Predicate, Schema } from "effect"

/** A value that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/** A value that JSON cannot say; `path` is where it lies, for example `params.rates[2]`. */
export class NotJson extends Schema.TaggedError<NotJson>()("NotJson", {
  path: Schema.String,
  found: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.path === "" ? "the value" : this.path} is ${this.found}, which JSON cannot say`
  }
}

/** The canonical text of a value; throws `NotJson`. */
export const canonicalJson = (value: Json): string => print(value, "")

const print = (value: unknown, path: string): string => {
  if (value === null || Predicate.isBoolean(value) || Predicate.isString(value)) return JSON.stringify(value)
  if (Predicate.isNumber(value)) return Number.isFinite(value) ? JSON.stringify(value) : refuse(path, String(value))
  if (Array.isArray(value)) return printArray(value, path)
  if (isPlainObject(value)) return printObject(value, path)
  return refuse(path, describe(value))
}

const printArray = (items: readonly unknown[], path: string): string => {
  // Array.from, not map: map skips the holes of a sparse array, which must be refused.
  const printed = Array.from(items, (item, index) => print(item, `${path}[${index}]`))
  return `[${printed.join(",")}]`
}

const printObject = (members: Readonly<Record<string, unknown>>, path: string): string => {
  // The default sort compares UTF-16 code units, which is the order RFC 8785 asks for.
  const names = Object.keys(members).sort()
  const printed: string[] = []
  for (const name of names) {
    const member = members[name]
    if (member === undefined) continue
    printed.push(`${JSON.stringify(name)}:${print(member, path === "" ? name : `${path}.${name}`)}`)
  }
  return `{${printed.join(",")}}`
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (!Predicate.isObject(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

const describe = (value: unknown): string =>
  typeof value === "object" && value !== null ? `a ${value.constructor?.name ?? "object"}` : `of type ${typeof value}`

const refuse = (path: string, found: string): never => {
  throw new NotJson({ path, found, hint: "Encode it as a number, string, list or record first." })
}
