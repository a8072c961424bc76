/**
 * Files that have to be the ones a LoRA was made from: digests to compare with what is found, and every difference in words.
 *
 * A restored pipeline carries such a list for its pictures and one for its base model, so that a run that could not give the same
 * LoRA is refused before any work, with the names and digests of what is missing or different.
 */
import { Schema } from "effect"
import type { Blob } from "../../runtime/model/blob.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { withDefault } from "../../settings/field-defaults.ts"

/** Name to SHA-256; null: anything will do. */
export const ExpectedFiles = withDefault(Schema.NullOr(Schema.Record(Schema.String, Schema.String)), null)
export type ExpectedFiles = typeof ExpectedFiles.Type

/** Digests are told apart by this many digits. */
const shownDigits = 12
/** More differences than these are counted, not told. */
const mostTold = 8

export const shortDigest = (sha256: string): string => sha256.slice(0, shownDigits)

interface Difference {
  readonly name: string
  readonly why: string
}

const missing = (name: string, digest: string, found: ReadonlyMap<string, string>): Difference => {
  const elsewhere = [...found].find(([, sha256]) => sha256 === digest)?.[0]
  const renamed = elsewhere === undefined ? "" : `; ${elsewhere} holds these bytes`
  return { name, why: `it is missing (expected SHA-256 ${shortDigest(digest)}…)${renamed}` }
}

const differences = (
  expected: Readonly<Record<string, string>>,
  found: ReadonlyMap<string, string>,
): readonly Difference[] =>
  Object.entries(expected).flatMap(([name, digest]) => {
    const here = found.get(name)
    if (here === digest) return []
    if (here === undefined) return [missing(name, digest, found)]
    return [{ name, why: `it is another file: its SHA-256 is ${shortDigest(here)}…, expected ${shortDigest(digest)}…` }]
  })

/** `take`: what to take out of the pipeline file to train on what is there. */
export const expectationProblems = (
  expected: ExpectedFiles,
  files: readonly (readonly [name: string, blob: Blob])[],
  take: string,
): readonly Problem[] => {
  const found = new Map(files.map(([name, { sha256 }]) => [name, sha256 as string]))
  const all = expected === null ? [] : differences(expected, found)
  const hint = `Bring back the file that the LoRA was made from, or take ${take} out to train on what is there`
  const told = all.slice(0, mostTold).map(({ name, why }): Problem => ({ field: name, why, hint, severity: "error" }))
  const rest = all.length - told.length
  if (rest === 0) return told
  const names = all.slice(mostTold).map(({ name }) => name)
  return [...told, { field: names.join(", "), why: `${rest} more are missing or different`, hint, severity: "error" }]
}
