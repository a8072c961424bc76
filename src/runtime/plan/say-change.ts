/** Changes in words: one short phrase each, and the sentence of a whole list. */
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { Change } from "../model/changes.ts"
import { counted, plural } from "../model/counted.ts"

const mostNames = 3
const mostPhrases = 3
const longestValue = 60

/** One sentence: the first few changes, and how many more there are. */
export const sayChanges = (changes: readonly Change[]): string => {
  const phrases = changes.map(sayChange)
  const shown = phrases.slice(0, mostPhrases)
  const more = phrases.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more ${more === 1 ? "change" : "changes"}`] : [])].join("; ")
}

export const sayChange = (change: Change): string => {
  switch (change.kind) {
    case "first-time":
      return "first time"
    case "result-missing":
      return "its result was deleted from the cache"
    case "faulty":
      return change.what === "parameters" ? "its parameters do not fit" : "it could not be read"
    case "parameter":
      return sayParameter(change)
    case "elements":
      return sayElements(change)
    case "input":
      return sayInput(change)
    case "code":
      return change.files.length === 0 ? "code changed" : `code changed: ${names(change.files)}`
    case "packages":
      return sayPackages(change.from, change.to)
    case "output-schema":
      return "the shape of its output changed"
    case "machine":
      return change.from === "" || change.to === ""
        ? "the machine counts now"
        : `another kind of machine: ${change.from} → ${change.to}`
    case "other":
      return `${change.field} changed`
    case "goes-on":
      return `${change.unit} ${change.from} → ${change.to}`
    case "redone":
      return change.again === change.known
        ? `redoes all ${change.known} known ${change.unit}`
        : `redoes ${change.again} of ${change.known} known ${change.unit}`
    case "items-added":
      return change.items.length === change.of
        ? `first time (${counted(change.of, change.noun)})`
        : `${change.items.length} new ${plural(change.items.length, change.noun)} (${names(change.items)})`
    case "items-changed":
      return change.items.length === 1
        ? `${change.noun} ${change.items[0]} changed`
        : `${change.items.length} of ${counted(change.of, change.noun)} changed (${names(change.items)})`
    case "items-missing":
      return change.items.length === change.of
        ? "its results were deleted from the cache"
        : `the results of ${names(change.items)} were deleted from the cache`
    case "items-removed":
      return `${counted(change.items.length, change.noun)} dropped out (${names(change.items)})`
    case "depends":
      return sayDependence(change)
  }
}

const sayParameter = ({ name, from, to }: Change & { kind: "parameter" }): string => {
  if (from === undefined) return `new parameter ${name} ${shown(to ?? null)}`
  if (to === undefined) return `parameter ${name} is gone`
  return `${name} ${shown(from)} → ${shown(to)}`
}

// Neither came nor went: a value is there once more or once less, or the order changed.
const sayElements = ({ name, added, removed }: Change & { kind: "elements" }): string => {
  const phrases = [
    ...(added.length === 0 ? [] : [`${added.length} new (${names(added.map(shown))})`]),
    ...(removed.length === 0 ? [] : [`${removed.length} removed (${names(removed.map(shown))})`]),
  ]
  return phrases.length === 0 ? `${name} changed` : `${name}: ${phrases.join(", ")}`
}

const sayInput = (change: Change & { kind: "input" }): string => {
  const { name, parts, changed, added, removed, of } = change
  if (change.from !== undefined && change.to !== undefined) return `${name} ${shown(change.from)} → ${shown(change.to)}`
  const phrases = [
    ...(changed.length === 0 ? [] : [`${share(changed.length, of, parts)} changed (${names(changed)})`]),
    ...(added.length === 0 ? [] : [`${added.length} new (${names(added)})`]),
    ...(removed.length === 0 ? [] : [`${removed.length} removed (${names(removed)})`]),
  ]
  if (phrases.length > 0) return `${name}: ${phrases.join(", ")}`
  return parts === "items" ? `${name}: the order changed` : `${name} changed`
}

// Of a list one says how many of how many; of a record the names say enough.
const share = (count: number, of: number, parts: "items" | "fields" | "none"): string =>
  parts === "items" ? `${count} of ${of}` : `${count} ${plural(count, "field")}`

const sayPackages = (from: readonly string[], to: readonly string[]): string => {
  const [before, now] = [from[0], to[0]]
  const isUpgrade = from.length === 1 && to.length === 1 && before!.split("@").at(-2) === now!.split("@").at(-2)
  return isUpgrade ? `package ${before} → ${now}` : `packages changed: ${names(to.length > 0 ? to : from)}`
}

const sayDependence = ({ on, state, root, items, of = 0, noun = "item" }: Change & { kind: "depends" }): string => {
  const part = items === undefined ? "" : ` for ${items.length} of ${counted(of, noun)} (${names(items)})`
  if (state === "will-run") return `depends on ${on}${part}, which will run`
  if (state === "unreadable") return `depends on ${on}${part}, which could not be read`
  return on === root ? `depends on ${on}${part}, which waits` : `depends on ${on}${part}, which waits for ${root}`
}

const names = (all: readonly string[]): string => {
  const more = all.length - mostNames
  return more > 0 ? `${all.slice(0, mostNames).join(", ")} and ${more} more` : all.join(", ")
}

const shown = (json: Json): string => {
  const text = typeof json === "string" ? `"${json}"` : canonicalJson(json)
  return text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text
}
