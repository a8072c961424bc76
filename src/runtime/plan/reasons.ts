/**
 * The reasons why a stage has something to run: what changed since the label's last use, as data.
 *
 * For an item stage the differences of all items that will run are gathered: what they share is said once, and what
 * is an item's own is said by naming the items.
 */
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Option } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import { type Change, changesBetween } from "../model/changes.ts"
import { Cache, type Remembered } from "../storage/cache.ts"
import { type Hits, hitOf, type ItemProspect, type Prospect } from "./assessment.ts"
import { withKnownWork } from "./known-work.ts"
import { ownAddress } from "./own-code.ts"
import type { Identified } from "./stage-key.ts"

/** Of a stage that is missing its result: what is new since the key that this label used last. */
export const stageChanges = Effect.fnUntraced(function* (
  pipeline: string,
  instance: StageInstance,
  found: Prospect & { kind: "stage" },
) {
  const cache = yield* Cache
  const last = Option.getOrUndefined(yield* cache.latest({ pipeline, label: instance.label }))
  return yield* withKnownWork(instance, found, last, changesSince(instance, last, found.identified))
})

const changesSince = (instance: StageInstance, last: Remembered | undefined, now: Identified): readonly Change[] => {
  if (last === undefined) return [{ kind: "first-time" }]
  const changes = last.key === now.key ? [] : changesBetween(last.preImage, now.preImage)
  return changes.length === 0 ? [{ kind: "result-missing" }] : changes.map((change) => withPaths(instance, change))
}

export interface ItemReasons {
  /** Why items run; empty when none does. */
  readonly changes: readonly Change[]
  readonly perItem: ReadonlyMap<string, readonly Change[]>
  /** Items that were in the list at the last use and are not now. */
  readonly removed: readonly string[]
}

export const itemReasons = Effect.fnUntraced(function* (
  pipeline: string,
  instance: StageInstance,
  prospect: Prospect & { kind: "items" },
  hits: Hits,
) {
  const cache = yield* Cache
  const last = yield* cache.latestItems({ pipeline, label: instance.label })
  const present = new Set(prospect.items.map(({ item }) => item))
  const removed = [...last.keys()].filter((item) => !present.has(item))
  const perItem = new Map<string, readonly Change[]>()
  for (const { item, identified } of prospect.items) {
    if (identified === undefined || hitOf(hits, identified) !== undefined) continue
    perItem.set(item, changesSince(instance, last.get(item), identified))
  }
  return { changes: gathered(prospect.node.noun, prospect.items, perItem), perItem, removed } satisfies ItemReasons
})

const isOwn = (change: Change): boolean => change.kind === "input" && change.name === "value"

const gathered = (
  noun: string,
  all: readonly ItemProspect[],
  perItem: ReadonlyMap<string, readonly Change[]>,
): readonly Change[] => {
  const having = (holds: (change: Change) => boolean) =>
    [...perItem].filter(([, changes]) => changes.some(holds)).map(([item]) => item)
  const shared = new Map<string, Change>()
  for (const change of [...perItem.values()].flat()) {
    if (change.kind === "first-time" || change.kind === "result-missing" || isOwn(change)) continue
    shared.set(canonicalJson(change as unknown as Json), change)
  }
  const groups = [
    { kind: "items-changed", items: having(isOwn) },
    { kind: "items-added", items: having(({ kind }) => kind === "first-time") },
    { kind: "items-missing", items: having(({ kind }) => kind === "result-missing") },
  ] as const
  const own = groups.filter(({ items }) => items.length > 0).map((group) => ({ ...group, noun, of: all.length }))
  return [...shared.values(), ...own]
}

// Files are kept relative to the stage's own module; people know them from where they stand, and Loom's own by its name.
const withPaths = ({ node }: StageInstance, change: Change): Change => {
  if (change.kind !== "code") return change
  if (node.code.startsWith(ownAddress)) {
    const folder = path.posix.dirname(node.code.slice(ownAddress.length))
    return { kind: "code", files: change.files.map((file) => path.posix.join("lora-loom", folder, file)) }
  }
  const folder = path.dirname(fileURLToPath(node.code))
  const files = change.files.map((file) => path.relative(process.cwd(), path.resolve(folder, file)))
  return { kind: "code", files }
}
