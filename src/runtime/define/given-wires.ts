/**
 * The wires of a call, looked at once while the pipeline is wired: whether each is there and carries what belongs there.
 *
 * The type checker says the same in an editor; this is for JavaScript, for casts, and for whoever runs a file that does not
 * compile. Each wrong wire gets one sentence, and a call with one is wired no further.
 */
import { Predicate } from "effect"
import { nearestName } from "../model/nearest-name.ts"
import type { AnySchema, Fields, Node } from "../model/node.ts"
import { sayValue } from "../model/say-value.ts"
import type { Problem } from "../model/stage-failure.ts"
import { type AnyWire, isWire, wire } from "../model/wire.ts"
import { wordOf, wordsTaken } from "../model/word.ts"
import { nearestCarrying } from "./wires-upstream.ts"

/** What a call takes: wires it has to be given, and wires that are found upstream of those unless they are given too. */
export interface Takes {
  readonly name: string
  readonly wires: Fields
  readonly upstream: Fields
}

export interface Given {
  /** Those that are right. */
  readonly wires: Readonly<Record<string, AnyWire>>
  /** All that are wires at all: what lies behind them belongs to the pipeline even if the call is wrong. */
  readonly all: Readonly<Record<string, AnyWire>>
  /** Undefined when all is well. An empty list: what is wrong is told by the stage that it is wrong with. */
  readonly misuse: readonly Problem[] | undefined
}

/** How the call is written: "encode({ base, images, captions })". */
const shapeOf = ({ name, wires }: Takes): string => {
  const names = Object.keys(wires)
  return names.length === 1 ? `${name}(${names[0]})` : `${name}({ ${names.join(", ")} })`
}

const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })

export const givenWires = (takes: Takes, given: unknown): Given => {
  const record = asRecord(takes, given)
  if (record === undefined) return { wires: {}, all: allWires(given), misuse: [notWires(takes, given)] }
  const problems = [
    ...strangers(takes, record),
    ...Object.keys(takes.wires).flatMap((name) => missing(takes, name, record)),
  ]
  const slots = { ...takes.wires, ...takes.upstream }
  const present = Object.entries(slots).flatMap(([name, schema]) => {
    const value = record[name]
    if (value === undefined) return []
    const problem = wireProblem(name, schema, value, `Write ${shapeOf(takes)}`)
    if (problem !== undefined) problems.push(problem)
    return problem === undefined ? [[name, value as AnyWire] as const] : []
  })
  const all = allWires(record)
  const wires = Object.fromEntries(present)
  return problems.length > 0 ? { wires, all, misuse: problems } : withUpstream(takes, wires, all)
}

/** The record of wires; one wire by itself stands for a record of it where there is just one. */
const asRecord = ({ wires }: Takes, given: unknown): Readonly<Record<string, unknown>> | undefined => {
  const names = Object.keys(wires)
  if (isWire(given)) return names.length === 1 ? { [names[0]!]: given } : undefined
  if (!Predicate.isObject(given) || Object.getPrototypeOf(given) !== Object.prototype) return undefined
  return names.length === 0 || names.some((name) => name in given) ? given : undefined
}

const allWires = (given: unknown): Given["all"] => {
  if (isWire(given)) return { given }
  if (Array.isArray(given)) return allWires({ ...given })
  const values = Predicate.isObject(given) ? Object.entries(given) : []
  return Object.fromEntries(values.filter((entry): entry is [string, AnyWire] => isWire(entry[1])))
}

const notWires = (takes: Takes, given: unknown): Problem => {
  const [only, ...others] = Object.keys(takes.wires)
  const write = `Write ${shapeOf(takes)}`
  if (Array.isArray(given)) return error("", "its wires belong together in one record, as its first argument", write)
  if (given === undefined) return error(others.length === 0 ? only! : "", "it was given no wires", write)
  if (others.length > 0) {
    const what = isWire(given) ? `the wire of ${given.node.name} alone` : sayValue(given)
    return error("", `it takes a record of wires; this is ${what}`, write)
  }
  return wireProblem(only!, takes.wires[only!]!, given, write) ?? error(only!, "it is no wire", write)
}

/** "captions", "a dataset". */
const withArticle = (word: string): string => (word.endsWith("s") ? word : `a ${word}`)

const wantedWord = (words: readonly string[] | undefined): string =>
  words === undefined ? "a wire" : words.map(withArticle).join(" or ")

const missing = (takes: Takes, name: string, record: Readonly<Record<string, unknown>>): readonly Problem[] => {
  if (record[name] !== undefined) return []
  const wanted = wantedWord(wordsTaken(takes.wires[name]!))
  return [error(name, `it is missing: ${takes.name} takes ${wanted} there`, `Write ${shapeOf(takes)}`)]
}

/** Names in the record that are none of the call's wires: misspelt ones, and parameters that belong behind. */
const strangers = (takes: Takes, record: Readonly<Record<string, unknown>>): readonly Problem[] => {
  const known = [...Object.keys(takes.wires), ...Object.keys(takes.upstream)]
  return Object.entries(record)
    .filter(([name]) => !known.includes(name))
    .map(([name, value]) => {
      const nearest = nearestName(name, known)
      const second = `Parameters come second: ${shapeOf(takes)}`.replace(/\)$/, `, { ${name}: … })`)
      const meant = nearest === undefined ? `It takes ${known.join(", ")}` : `Did you mean ${nearest}?`
      return error(name, `there is no wire "${name}"`, isWire(value) ? meant : second)
    })
}

/** What is wrong with one wire, whose values a schema has to read. */
export const wireProblem = (name: string, schema: AnySchema, value: unknown, hint: string): Problem | undefined => {
  const words = wordsTaken(schema)
  const wanted = wantedWord(words)
  if (!isWire(value)) {
    const awaited = value instanceof Promise ? "Wiring waits for nothing: take the await out" : hint
    return error(name, `it takes ${wanted}; this is ${sayValue(value)}`, awaited)
  }
  if (words === undefined || words.includes(value.carries)) return undefined
  const carries = wordOf(value.node.outputSchema)
  const from = `(from ${value.node.name})`
  if (carries !== undefined) {
    return error(name, `it takes ${wanted}; this wire carries ${withArticle(carries)} ${from}`, hint)
  }
  const worded = `If it fits, say so in ${value.node.name}: output: named("${words[0]}", …)`
  return error(name, `it takes ${wanted}; this wire does not say what it carries ${from}`, worded)
}

const withUpstream = (takes: Takes, given: Given["wires"], all: Given["all"]): Given => {
  const wires: Record<string, AnyWire> = { ...given }
  const problems: Problem[] = []
  let isKnown = true
  for (const [name, schema] of Object.entries(takes.upstream)) {
    if (name in wires) continue
    const search = nearestCarrying(wordOf(schema) ?? name, Object.values(given))
    if (search.found.length === 1) wires[name] = wire(search.found[0]!)
    else if (search.isBroken) isKnown = false
    else problems.push(notFound(takes, name, wordOf(schema) ?? name, search.found))
  }
  if (problems.length > 0) return { wires, all, misuse: problems }
  return { wires, all, misuse: isKnown ? undefined : [] }
}

const notFound = (takes: Takes, name: string, word: string, found: readonly Node[]): Problem => {
  const first = Object.keys(takes.wires)[0]!
  const given = shapeOf({ ...takes, wires: { ...takes.wires, [name]: undefined as never } })
  const why =
    found.length === 0
      ? `nothing that carries ${withArticle(word)} lies upstream of ${first}`
      : `${found.length} stages that carry ${withArticle(word)} lie equally near upstream of ${first} (${found.map((node) => node.name).join(", ")})`
  return error(name, why, `Say which: ${given}`)
}

/** The nodes of wires, by name. */
export const nodesOf = (wires: Readonly<Record<string, AnyWire>>): Readonly<Record<string, Node>> =>
  Object.fromEntries(Object.entries(wires).map(([name, { node }]) => [name, node]))
