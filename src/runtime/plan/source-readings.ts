/**
 * What sources gave, kept while many graphs of one pipeline are surveyed: the trials of a sweep see one state of the pictures, however
 * long it takes, and nothing is read forty times.
 *
 * A reading counts for sources of one definition that were told the same. What lies around a source may want different things of it, so
 * that counts too.
 */
import { canonicalJson, type Json, NotJson } from "../model/canonical-json.ts"
import type { SourceReading } from "./read-source.ts"

export interface SourceReadings {
  /** The reading that is kept under these, or undefined. */
  readonly find: (definition: object, told: readonly unknown[]) => SourceReading | undefined
  readonly keep: (definition: object, told: readonly unknown[], reading: SourceReading) => void
}

export const sourceReadings = (): SourceReadings => {
  const byDefinition = new Map<object, Map<string, SourceReading>>()
  return {
    find: (definition, told) => {
      const text = textOf(told)
      return text === undefined ? undefined : byDefinition.get(definition)?.get(text)
    },
    keep: (definition, told, reading) => {
      const text = textOf(told)
      if (text === undefined) return
      const kept = byDefinition.get(definition) ?? new Map()
      byDefinition.set(definition, kept)
      kept.set(text, reading)
    },
  }
}

/** What cannot be written down cannot be compared. */
const textOf = (told: readonly unknown[]): string | undefined => {
  try {
    return canonicalJson(told.map((one) => one ?? null) as Json)
  } catch (thrown) {
    if (thrown instanceof NotJson) return undefined
    throw thrown
  }
}
