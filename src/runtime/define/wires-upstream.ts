/**
 * Wires that lie upstream: what a stage needs and nobody has to hand it, because it stands somewhere behind what it was given.
 *
 * What is looked for is a word. The nearest wire that carries it counts; wires that a stage only passes on lie as near as those it reads.
 */
import { type AnySchema, type Node, upstream } from "../model/node.ts"
import { type AnyWire, type WireOf, wire } from "../model/wire.ts"
import { wordOf } from "../model/word.ts"

/** The nearest wire upstream that carries the values of a schema, if there is one and no second as near. */
export const wireBehind = <S extends AnySchema>(given: AnyWire, schema: S): WireOf<S> | undefined => {
  const { found } = nearestCarrying(wordOf(schema) ?? "", [given])
  return found.length === 1 ? wire<S>(found[0]!) : undefined
}

interface Search {
  /** The nearest nodes, all at one distance. */
  readonly found: readonly Node[]
  /** A call on the way went wrong, so that nothing can be said about what lies behind it. */
  readonly isBroken: boolean
}

/** Walks upstream, level by level; what lies behind the first wire is preferred to what lies behind the next. */
export const nearestCarrying = (word: string, wires: readonly AnyWire[]): Search => {
  const searches = wires.map(({ node }) => searchBehind(word, node))
  return searches.find(({ found }) => found.length > 0) ?? { found: [], isBroken: searches.some((one) => one.isBroken) }
}

const searchBehind = (word: string, start: Node): Search => {
  const seen = new Set<Node>()
  let isBroken = false
  for (let level: readonly Node[] = [start]; level.length > 0; ) {
    const found = level.filter(({ outputSchema }) => wordOf(outputSchema) === word)
    if (found.length > 0) return { found, isBroken }
    isBroken ||= level.some(({ misuse }) => misuse !== undefined)
    for (const node of level) seen.add(node)
    const next = level.flatMap((node) => [...Object.values(upstream(node)), ...Object.values(node.passes)])
    level = [...new Set(next)].filter((node) => !seen.has(node))
  }
  return { found: [], isBroken }
}
