/**
 * Why does it run? The differences between two pre-images, and the sentence that says them.
 *
 * The runtime keeps everything a key was made of, so the answer is a comparison of two records: the one a label used
 * last and the one it has now. `changesBetween` gives the differences as data, `sayChange` says one of them in words a person
 * would use: "steps 200 → 300", "captions: 1 of 12 changed (cat)", "code changed: src/stages/crop.ts".
 */
import { Predicate } from "effect"
import { canonicalJson, type Json } from "./canonical-json.ts"
import type { PreImage } from "./fingerprint.ts"

export type Change =
  | { readonly kind: "first-time" }
  /** Nothing it depends on changed, but the kept result is gone. */
  | { readonly kind: "result-missing" }
  /** Its parameters do not fit, or it could not be read: a problem says more. */
  | { readonly kind: "faulty"; readonly what: "parameters" | "source" }
  | { readonly kind: "parameter"; readonly name: string; readonly from?: Json; readonly to?: Json }
  /** A list parameter that grew or shrank. */
  | {
      readonly kind: "elements"
      readonly name: string
      readonly added: readonly Json[]
      readonly removed: readonly Json[]
    }
  | {
      readonly kind: "input"
      readonly name: string
      /** What the parts are: the items of a list, the fields of a record, or nothing that can be told apart. */
      readonly parts: "items" | "fields" | "none"
      readonly changed: readonly string[]
      readonly added: readonly string[]
      readonly removed: readonly string[]
      readonly of: number
      readonly from?: Json
      readonly to?: Json
    }
  | { readonly kind: "code"; readonly files: readonly string[] }
  | { readonly kind: "packages"; readonly from: readonly string[]; readonly to: readonly string[] }
  | { readonly kind: "output-schema" }
  /** It is computed on another kind of machine; empty where it was not said. */
  | { readonly kind: "machine"; readonly from: string; readonly to: string }
  /** A difference in a field this version does not know. */
  | { readonly kind: "other"; readonly field: string }
  /** Part of the work is known from before, and it goes on from there: `unit` "steps". */
  | { readonly kind: "goes-on"; readonly unit: string; readonly from: number; readonly to: number }
  /** Work that was done for the last result and is no use to this one. */
  | { readonly kind: "redone"; readonly unit: string; readonly again: number; readonly known: number }
  /** In an item stage: which items are new, changed themselves, or lost their result. */
  | { readonly kind: "items-added"; readonly noun: string; readonly items: readonly string[]; readonly of: number }
  | { readonly kind: "items-changed"; readonly noun: string; readonly items: readonly string[]; readonly of: number }
  | { readonly kind: "items-missing"; readonly noun: string; readonly items: readonly string[]; readonly of: number }
  | { readonly kind: "items-removed"; readonly noun: string; readonly items: readonly string[] }
  /** It reads from something that has to run first; `items` when only some of its items do. */
  | {
      readonly kind: "depends"
      readonly on: string
      readonly state: "will-run" | "waits" | "unreadable"
      readonly root: string
      readonly items?: readonly string[]
      readonly of?: number
      readonly noun?: string
    }

type JsonRecord = Readonly<Record<string, Json>>

export const changesBetween = (before: PreImage, now: PreImage): readonly Change[] => {
  const names = new Set([...Object.keys(before.fields), ...Object.keys(now.fields)])
  const changes: Change[] = []
  for (const name of names) {
    const from = before.fields[name]
    const to = now.fields[name]
    if (!same(from, to)) changes.push(...fieldChanges(name, from, to))
  }
  return changes.sort((a, b) => rank(a) - rank(b))
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b))

const order: readonly Change["kind"][] = [
  "parameter",
  "elements",
  "input",
  "items-changed",
  "code",
  "packages",
  "output-schema",
  "machine",
]
const rank = (change: Change): number => (order.includes(change.kind) ? order.indexOf(change.kind) : order.length)

const fieldChanges = (field: string, from: Json | undefined, to: Json | undefined): readonly Change[] => {
  if (field.startsWith("param.")) return parameterChanges(field.slice("param.".length), from, to)
  if (field.startsWith("input.")) return [inputChange(field.slice("input.".length), asRecord(from), asRecord(to))]
  if (field === "value") return [inputChange("value", asRecord(from), asRecord(to))]
  if (field === "machine") return [{ kind: "machine", from: textOf(from), to: textOf(to) }]
  if (field === "code") return codeChanges(asRecord(from), asRecord(to))
  return [field === "output" ? { kind: "output-schema" } : { kind: "other", field }]
}

/** Down to the value that changed: "denoising.end", "prompts[3]"; of lists of different length, what came and went. */
const parameterChanges = (name: string, from: Json | undefined, to: Json | undefined): readonly Change[] => {
  if (same(from, to)) return []
  if (Array.isArray(from) && Array.isArray(to)) {
    return from.length === to.length
      ? from.flatMap((value: Json, index) => parameterChanges(`${name}[${index}]`, value, to[index]))
      : [{ kind: "elements", name, added: without(to, from), removed: without(from, to) }]
  }
  if (isRecord(from) && isRecord(to)) {
    const fields = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    return fields.flatMap((field) => parameterChanges(`${name}.${field}`, from[field], to[field]))
  }
  return [{ kind: "parameter", name, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]
}

const without = (values: readonly Json[], others: readonly Json[]): readonly Json[] =>
  values.filter((value) => !others.some((other) => same(value, other)))

const isRecord = (json: Json | undefined): json is JsonRecord => Predicate.isObject(json) && !Array.isArray(json)

const asRecord = (json: Json | undefined): JsonRecord => (isRecord(json) ? json : {})

const inputChange = (name: string, from: JsonRecord, to: JsonRecord): Change => {
  const parts = "items" in from && "items" in to ? "items" : "fields" in from && "fields" in to ? "fields" : "none"
  const [before, now] = [asRecord(from[parts]), asRecord(to[parts])]
  const values = "value" in from && "value" in to ? { from: from["value"]!, to: to["value"]! } : {}
  return { kind: "input", name, parts, ...partChanges(before, now), of: Object.keys(now).length, ...values }
}

const partChanges = (before: JsonRecord, now: JsonRecord) => ({
  changed: Object.keys(now).filter((part) => Object.hasOwn(before, part) && before[part] !== now[part]),
  added: Object.keys(now).filter((part) => !Object.hasOwn(before, part)),
  removed: Object.keys(before).filter((part) => !Object.hasOwn(now, part)),
})

const codeChanges = (from: JsonRecord, to: JsonRecord): readonly Change[] => {
  const { changed, added, removed } = partChanges(asRecord(from["files"]), asRecord(to["files"]))
  const files = [...changed, ...added, ...removed]
  const [before, now] = [texts(from["packages"]), texts(to["packages"])]
  const gone = before.filter((name) => !now.includes(name))
  const come = now.filter((name) => !before.includes(name))
  const packages: readonly Change[] =
    gone.length + come.length === 0 ? [] : [{ kind: "packages", from: gone, to: come }]
  return files.length > 0 || packages.length === 0 ? [{ kind: "code", files }, ...packages] : packages
}

const textOf = (json: Json | undefined): string => (typeof json === "string" ? json : "")

const texts = (json: Json | undefined): readonly string[] =>
  Array.isArray(json) ? json.filter((item): item is string => typeof item === "string") : []
