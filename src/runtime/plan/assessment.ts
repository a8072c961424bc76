/**
 * Where one stage stands, given what is known of its inputs: which keys it has, which results are kept, what would run.
 *
 * Planning asks this for every stage, level by level; running asks it again for a stage whose inputs have just been made. The two
 * steps are apart so that a whole level is looked up in one query: `prospect` works out the keys, `assess` takes the hits.
 *
 * What is known of a value is an outlook: all of it, some of the items of a list, or nothing before something else has run.
 */

import type { StageInstance } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import type { Key } from "../model/fingerprint.ts"
import { isKeyedList, type Known, known } from "../model/known-value.ts"
import type { ItemStageNode, StageNode } from "../model/node.ts"
import type { CachedResult } from "../storage/cache.ts"
import type { CodeDigest } from "./code-digest.ts"
import { type Identified, itemKeys, type KnownInputs, stageKey } from "./stage-key.ts"

export type Outlook =
  | { readonly kind: "known"; readonly value: Known }
  /** The list's keys are known, and the values of some of them. */
  | { readonly kind: "partial"; readonly items: ReadonlyMap<string, Known | undefined> }
  | { readonly kind: "unknown" }

export type Outlooks = ReadonlyMap<string, Outlook>

export interface ItemProspect {
  readonly item: string
  /** Undefined while something upstream has to make it first. */
  readonly identified: Identified | undefined
  readonly value: Known | undefined
}

export type Prospect =
  | { readonly kind: "blocked"; readonly by: readonly string[] }
  | { readonly kind: "stage"; readonly node: StageNode; readonly identified: Identified; readonly inputs: KnownInputs }
  | {
      readonly kind: "items"
      readonly node: ItemStageNode
      readonly items: readonly ItemProspect[]
      readonly shared: KnownInputs
    }

export const prospect = (instance: StageInstance, code: CodeDigest, outlooks: Outlooks): Prospect => {
  const { node } = instance
  if (node.kind === "source") return { kind: "blocked", by: [] }
  const inputs: Record<string, Known> = {}
  const by: string[] = []
  for (const name of Object.keys(node.inputs)) {
    const from = instance.inputs[name]!
    const outlook = outlooks.get(from)
    if (outlook?.kind === "known") inputs[name] = outlook.value
    else by.push(from)
  }
  const items = node.kind === "items" ? itemsOf(outlooks.get(instance.inputs["items"]!)) : undefined
  if (node.kind === "items" && items === undefined) by.unshift(instance.inputs["items"]!)
  if (by.length > 0 || instance.params === undefined) return { kind: "blocked", by: [...new Set(by)] }
  if (node.kind === "stage") return { kind: "stage", node, inputs, identified: stageKey(instance, node, code, inputs) }
  return { kind: "items", node, shared: inputs, items: itemProspects(instance, node, code, inputs, items!) }
}

const itemsOf = (outlook: Outlook | undefined): ReadonlyMap<string, Known | undefined> | undefined => {
  if (outlook === undefined || outlook.kind === "unknown") return undefined
  if (outlook.kind === "partial") return outlook.items
  const list = outlook.value.json
  return isKeyedList(list) ? new Map(list.map(({ key, value }) => [key, known(value)])) : undefined
}

const itemProspects = (
  instance: StageInstance,
  node: ItemStageNode,
  code: CodeDigest,
  shared: KnownInputs,
  items: ReadonlyMap<string, Known | undefined>,
): readonly ItemProspect[] => {
  const keyFor = itemKeys(instance, node, code, shared)
  return [...items].map(([item, value]) => ({
    item,
    value,
    identified: value === undefined ? undefined : keyFor(item, value),
  }))
}

/** The keys to look up for a prospect. */
export const keysOf = (prospect: Prospect): readonly Key[] => {
  if (prospect.kind === "stage") return [prospect.identified.key]
  if (prospect.kind === "blocked") return []
  return prospect.items.flatMap(({ identified }) => (identified === undefined ? [] : [identified.key]))
}

export type Hits = ReadonlyMap<Key, CachedResult>

/** What is known of the stage's output once its hits are. */
export const outlookOf = (prospect: Prospect, hits: Hits): Outlook => {
  if (prospect.kind === "blocked") return { kind: "unknown" }
  if (prospect.kind === "stage") {
    const hit = hits.get(prospect.identified.key)
    return hit === undefined ? { kind: "unknown" } : { kind: "known", value: known(hit.output) }
  }
  const outputs = prospect.items.map(({ item, identified }) => [item, hitOf(hits, identified)?.output] as const)
  if (outputs.every(([, output]) => output !== undefined)) {
    return { kind: "known", value: listOf(outputs as readonly (readonly [string, Json])[]) }
  }
  const items = outputs.map(([item, output]) => [item, output === undefined ? undefined : known(output)] as const)
  return { kind: "partial", items: new Map(items) }
}

export const hitOf = (hits: Hits, identified: Identified | undefined): CachedResult | undefined =>
  identified === undefined ? undefined : hits.get(identified.key)

/** The hits among a prospect's own keys. */
export const ownHits = (prospect: Prospect, hits: Hits): readonly CachedResult[] =>
  keysOf(prospect).flatMap((key) => hits.get(key) ?? [])

/** The output of an item stage: the results in the order of the items. */
export const listOf = (outputs: readonly (readonly [item: string, output: Json])[]): Known => {
  return known(outputs.map(([key, value]) => ({ key, value })))
}
