/**
 * Nodes as they come into being while a pipeline is wired: numbered, noted, and each of a kind once.
 *
 * Two calls of one definition with equal parameters and the same wires are one node, so that a pipeline may say a thing twice and it
 * is still one stage. Several nodes made in one call of the pipeline file (`encode` is three stages) know that call.
 */
import { canonicalJson } from "../model/canonical-json.ts"
import { checkParams, type OtherWords } from "../model/checked-params.ts"
import { type Call, type Node, upstream } from "../model/node.ts"
import type { Shaping } from "../model/shaping.ts"
import { shaped } from "./shaped-params.ts"

interface Wiring {
  readonly shaping: Shaping
  readonly nodes: Node[]
  readonly byIdentity: Map<string, Node>
  readonly definitions: Map<object, number>
}

let created = 0
let wiring: Wiring | undefined
let call: Call | undefined

type Made = "id" | "call" | "checked"

/** A new node, or the equal one that this pipeline has already. The counter is process-wide: a call does not know its pipeline. */
export const createNode = <N extends Node>(
  fields: Omit<N, Made> & { readonly otherWords?: OtherWords | undefined },
): N => {
  const { otherWords, ...rest } = fields
  const given = checkParams(fields.paramsSchema, fields.params, otherWords)
  // The one place where a node is put together; the spread loses which kind it is.
  const made = { ...rest, checked: given, id: created++, call: call ?? { name: fields.name } } as unknown as N
  const node = wiring === undefined ? made : { ...made, checked: shaped(made, given, wiring.shaping) }
  if (wiring === undefined) return node
  const identity = identityOf(node, wiring)
  const known = identity === undefined ? undefined : wiring.byIdentity.get(identity)
  if (known !== undefined) return known as N
  if (identity !== undefined) wiring.byIdentity.set(identity, node)
  wiring.nodes.push(node)
  return node
}

/** A call that went wrong is like no other: what is wrong with it is told for itself. */
const identityOf = (node: Node, { definitions }: Wiring): string | undefined => {
  if (node.checked.kind === "misfit" || node.misuse !== undefined) return undefined
  const known = definitions.get(node.definition) ?? definitions.size
  definitions.set(node.definition, known)
  const ids = (nodes: Readonly<Record<string, Node>>) => Object.entries(nodes).map(([name, { id }]) => [name, id])
  return `${known} ${canonicalJson([node.checked.encoded, ids(upstream(node)), ids(node.passes)])}`
}

/**
 * Runs `build` and returns, beside its result, every node made meanwhile: also those that nothing wanted depends on. Their
 * parameters are shaped.
 */
export const recordNodes = <A>(
  build: () => A,
  shaping: Shaping = {},
): { readonly result: A; readonly nodes: readonly Node[] } => {
  const outer = wiring
  wiring = { shaping, nodes: [], byIdentity: new Map(), definitions: new Map() }
  try {
    const { nodes } = wiring
    return { result: build(), nodes }
  } finally {
    wiring = outer
  }
}

/** Makes all nodes that `make` makes belong to one call, unless they belong to an outer one. */
export const inOneCall = <A>(name: string, make: () => A): A => {
  if (call !== undefined) return make()
  call = { name }
  try {
    return make()
  } finally {
    call = undefined
  }
}
