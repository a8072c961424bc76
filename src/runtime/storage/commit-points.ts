/**
 * The moments between which a crash must leave either nothing or everything. A test gives a function that kills the process at
 * one of them; otherwise reaching them does nothing.
 */
import { Context } from "effect"

export type CommitPoint =
  | "blob-written"
  | "blob-synced"
  | "blob-renamed"
  | "blob-published"
  | "lease-won"
  | "row-written"
  | "row-committed"

/** Called at each commit point. */
export const CommitPoints = Context.Reference<(point: CommitPoint) => void>("loom/runtime/CommitPoints", {
  defaultValue: () => () => {},
})
