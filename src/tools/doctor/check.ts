/**
 * A check of `loom doctor`: what it is about, what was found, and what to do where something is not as it should be.
 *
 * A problem is what Loom cannot work without; a warning is what it can, but a user may stumble over.
 */
import type { Json } from "../../runtime/model/canonical-json.ts"

export type CheckStatus = "ok" | "warning" | "problem"

export interface Check {
  readonly name: string
  readonly status: CheckStatus
  /** What was found, in a line. */
  readonly found: string
  /** What to do about it, or may be done; empty where there is nothing. */
  readonly hint: string
  /** The same for programs: versions, paths, sizes in bytes. */
  readonly facts: Readonly<Record<string, Json>>
}

type Facts = Check["facts"]

export const ok = (name: string, found: string, facts: Facts = {}, hint = ""): Check => ({
  name,
  status: "ok",
  found,
  hint,
  facts,
})

export const warning = (name: string, found: string, hint: string, facts: Facts = {}): Check => ({
  name,
  status: "warning",
  found,
  hint,
  facts,
})

export const problem = (name: string, found: string, hint: string, facts: Facts = {}): Check => ({
  name,
  status: "problem",
  found,
  hint,
  facts,
})

/** "612 MB"; decimal, as disks are labelled. */
export const inBytes = (bytes: number): string => {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

export const wordsOf = (thrown: unknown): string => {
  const [first = ""] = (thrown instanceof Error ? thrown.message : String(thrown)).trim().split("\n")
  return first
}
