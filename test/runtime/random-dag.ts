/**
 * Random pipelines of small arithmetic, random edits of them, and an oracle that evaluates them from scratch.
 *
 * The arithmetic is modulo a small number, so that edits often leave a value as it was and early cutoff is put to work. The oracle
 * also lists the computations a run needs, each by what it depends on; a run must make exactly those that no earlier run made.
 */
import { Effect, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { type Item, Items } from "../../src/runtime/model/items.ts"
import type { StageFailure } from "../../src/runtime/model/stage-failure.ts"
import type { Wire } from "../../src/runtime/model/wire.ts"
import { broken } from "./latches.ts"

type List = readonly Item<number>[]
type Working = { readonly param: number; readonly version: number }
export type NodeSpec =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "list"; readonly items: List }
  | ({ readonly kind: "combine"; readonly numbers: readonly number[] } & Working)
  | ({ readonly kind: "each"; readonly list: number; readonly shared: readonly number[] } & Working)
  | ({ readonly kind: "fold"; readonly list: number } & Working)
export type Spec = readonly NodeSpec[]

/** mulberry32: small, seeded, good enough to pick with. */
export const randomInts = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
export type RandomInt = ReturnType<typeof randomInts>

const isList = (node: NodeSpec): boolean => node.kind === "list" || node.kind === "each"

export const randomSpec = (random: RandomInt): Spec => {
  const nodes: NodeSpec[] = [
    { kind: "number", value: random(5) },
    { kind: "list", items: Array.from({ length: random(5) }, (_, index) => ({ key: `k${index}`, value: random(5) })) },
  ]
  const count = 3 + random(8)
  while (nodes.length < count) nodes.push(randomNode(nodes, random))
  return nodes
}

const randomNode = (nodes: Spec, random: RandomInt): NodeSpec => {
  const pick = (wanted: boolean) => {
    const ids = nodes.flatMap((node, id) => (isList(node) === wanted ? [id] : []))
    return ids[random(ids.length)]!
  }
  const working: Working = { param: 1 + random(3), version: random(2) }
  const numbers = Array.from({ length: random(3) }, () => pick(false))
  const kinds = ["number", "combine", "combine", "each", "each", "fold"] as const
  const kind = kinds[random(kinds.length)]!
  if (kind === "number") return { kind, value: random(5) }
  if (kind === "combine") return { kind, numbers, ...working }
  return kind === "each"
    ? { kind, list: pick(true), shared: numbers, ...working }
    : { kind, list: pick(true), ...working }
}

/** One node's value, parameter or code changes; of a list an item comes, goes, changes or moves. */
export const randomEdit = (spec: Spec, random: RandomInt): Spec => {
  const id = random(spec.length)
  return spec.map((node, index) => (index === id ? editedNode(node, random) : node))
}

const editedNode = (node: NodeSpec, random: RandomInt): NodeSpec => {
  if (node.kind === "number") return { ...node, value: random(5) }
  if (node.kind === "list") return { ...node, items: editedList(node.items, random) }
  return random(2) === 0 ? { ...node, param: 1 + random(3) } : { ...node, version: random(2) }
}

const editedList = (items: List, random: RandomInt): List => {
  const at = random(items.length + 1)
  const choice = random(4)
  if (choice === 0 || items.length === 0) return [...items, { key: `n${random(1000)}`, value: random(5) }]
  if (choice === 1) return items.filter((_, index) => index !== at)
  if (choice === 2) return [...items].reverse()
  return items.map((item, index) => (index === at ? { key: item.key, value: random(5) } : item))
}

const combine = (numbers: readonly number[], param: number, version: number): number =>
  (numbers.reduce((sum, value) => sum + value, 0) * param + version) % 4
const each = (item: number, shared: readonly number[], param: number, version: number): number =>
  combine([item, ...shared], param, version)
const fold = (list: List, param: number, version: number): number =>
  list.reduce((sum, { value }, index) => sum + value * (index + 1), param + version) % 5

export interface Evaluation {
  readonly values: Readonly<Record<string, number | List>>
  /** What has to be computed, each by everything it depends on. */
  readonly computations: ReadonlySet<string>
}

const nameOf = (node: NodeSpec, id: number): string => `${node.kind}${id}`
const computation = (name: string, ...on: readonly unknown[]): string => `${name} ${JSON.stringify(on)}`

export const evaluate = (spec: Spec): Evaluation => {
  const values: (number | List)[] = []
  const computations = new Set<string>()
  for (const [id, node] of spec.entries()) {
    const name = nameOf(node, id)
    const numbers = (ids: readonly number[]) => ids.map((from) => values[from] as number)
    const compute = <A>(value: A, ...on: readonly unknown[]): A => {
      computations.add(computation(name, ...on))
      return value
    }
    if (node.kind === "number") values.push(node.value)
    if (node.kind === "list") values.push(node.items)
    if (node.kind === "combine") {
      const { param, version } = node
      const inputs = numbers(node.numbers)
      values.push(compute(combine(inputs, param, version), inputs, param, version))
    }
    if (node.kind === "each") {
      const { param, version } = node
      const shared = numbers(node.shared)
      const list = values[node.list] as List
      values.push(
        list.map(({ key, value }) => ({
          key,
          value: compute(each(value, shared, param, version), key, value, shared, param, version),
        })),
      )
    }
    if (node.kind === "fold") {
      const { param, version } = node
      const list = values[node.list] as List
      values.push(compute(fold(list, param, version), list, param, version))
    }
  }
  return { values: Object.fromEntries(spec.map((node, id) => [nameOf(node, id), values[id]!])), computations }
}

export interface Laboratory {
  /** The module that stands for a version of the code. */
  readonly code: (version: number) => string
  /** Called by every stage that really runs, with what it depends on; says whether it shall fail. */
  readonly compute: (computation: string) => boolean
}

/** The same spec as a pipeline; every node's value is a result. */
export const pipelineOf = (spec: Spec, laboratory: Laboratory) =>
  pipeline("random", () => {
    const wires: (Wire<string, number> | Wire<string, List>)[] = []
    for (const [id, node] of spec.entries()) wires.push(wired(node, nameOf(node, id), wires, laboratory))
    return Object.fromEntries(spec.map((node, id) => [nameOf(node, id), wires[id]!]))
  })

const params = Schema.Struct({ param: Schema.Int })

const wired = (
  node: NodeSpec,
  name: string,
  wires: readonly (Wire<string, number> | Wire<string, List>)[],
  { code, compute }: Laboratory,
): Wire<string, number> | Wire<string, List> => {
  const computed = <A>(value: A, ...on: readonly unknown[]): Effect.Effect<A, StageFailure> =>
    Effect.suspend(() => (compute(computation(name, ...on)) ? Effect.fail(broken("as told")) : Effect.succeed(value)))
  const bare = { name, code: import.meta.url, params: Schema.Struct({}) }
  if (node.kind === "number") return source({ ...bare, output: Schema.Int, read: () => Effect.succeed(node.value) })()
  if (node.kind === "list") {
    return source({ ...bare, output: Items(Schema.Int), read: () => Effect.succeed(node.items) })()
  }
  const { version, param } = node
  const working = { name, code: code(version), params }
  const numberWires = (ids: readonly number[]) =>
    Object.fromEntries(ids.map((from, index) => [`i${index}`, wires[from] as Wire<string, number>]))
  const numberSchemas = (ids: readonly number[]) => Object.fromEntries(ids.map((_, index) => [`i${index}`, Schema.Int]))
  if (node.kind === "combine") {
    return stage({
      ...working,
      wires: numberSchemas(node.numbers),
      output: Schema.Int,
      run: ({ params: _, ...inputs }) => {
        const numbers = Object.values(inputs)
        return computed(combine(numbers, param, version), numbers, param, version)
      },
    })(numberWires(node.numbers), { param })
  }
  const list = wires[node.list] as Wire<string, List>
  if (node.kind === "each") {
    const mapped = itemStage({
      ...working,
      item: Schema.Int,
      shared: numberSchemas(node.shared),
      output: Schema.Int,
      run: ({ key, item, params: _, ...others }) => {
        const shared = Object.values(others)
        return computed(each(item, shared, param, version), key, item, shared, param, version)
      },
    })
    // A record of any names cannot say that it has one called "items".
    return mapped({ ...numberWires(node.shared), items: list } as never, { param })
  }
  return stage({
    ...working,
    wires: { list: Items(Schema.Int) },
    output: Schema.Int,
    run: (inputs) => computed(fold(inputs.list, param, version), inputs.list, param, version),
  })(list, { param })
}
