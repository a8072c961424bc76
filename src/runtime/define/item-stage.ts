/**
 * A stage over a list, one item at a time: one key and one kept result per item.
 *
 * An item's key is built from its key and value, the shared inputs, the parameters and the code. A new item
 * runs alone, a removed one drops out of the result, and another order runs nothing.
 */
import { Items } from "../model/items.ts"
import type { AnySchema, Artifact, Fields, ItemStageNode, ParamsSchema } from "../model/node.ts"
import type { Problem } from "../model/stage-failure.ts"
import { wire } from "../model/wire.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { argumentsOf, type StageCall } from "./call-shape.ts"
import { createNode } from "./create-node.ts"
import { givenWires, nodesOf } from "./given-wires.ts"
import { type FoundValues, type None, NoParams, only, type ValuesOf, type WorkingDefinition } from "./stage.ts"
import { type Done, performed, type Work } from "./work.ts"

/**
 * What `itemStage` takes: as for `stage`, with the schema of one item, and a function that does the work for one. Its types are
 * inferred: `P` of the parameters, `A` of an item, `S` of the shared wires, `U` of those found upstream, `X` of those passed on, `B`
 * of the result for one item, `N` the noun, `R` of the services.
 */
export interface ItemStageDefinition<
  P extends ParamsSchema,
  A extends AnySchema,
  S extends Fields,
  U extends Fields,
  X extends Fields,
  B extends AnySchema,
  N extends string,
  R,
> extends WorkingDefinition<P, X, R> {
  /** One item of the list. */
  readonly item: A
  /** Wires that every item sees whole. A change in one of them runs every item. */
  readonly shared?: S
  /** The same, found upstream unless given: of each, the nearest wire that carries such values. */
  readonly upstream?: U
  /** The result for one item. */
  readonly output: B
  /** Looks at parameters, items and shared inputs as soon as they are known. */
  readonly inspect?: (
    args: ValuesOf<S> &
      FoundValues<U> & { readonly params: P["Type"]; readonly items: Items<A["Type"]>; readonly here: WiredStage },
  ) => readonly Problem[]
  /** Which bytes of the results are finished files, and under which paths in the pipeline's output folder. */
  readonly artifacts?: (args: { readonly params: P["Type"]; readonly output: Items<B["Type"]> }) => readonly Artifact[]
  /** What one item is called: in reasons ("picture"), and, with an s, in the record of wires. Default: "item". */
  readonly noun?: N
  /** The result for one item: as a value, a promise of it, or an Effect. */
  readonly run: (
    args: ValuesOf<S> & FoundValues<U> & { readonly params: P["Type"]; readonly key: string; readonly item: A["Type"] },
    work: Work,
  ) => Done<B["Type"], NoInfer<R>>
}

/** The list, named after its items, and the wires that all of them see. */
type ItemWires<N extends string, A extends AnySchema, S extends Fields> = {
  readonly [K in `${N}s`]: ReturnType<typeof Items<A>>
} & S

/**
 * Defines a stage over a list: `run` makes the result for one item, and each item has a key and a kept result of its own.
 *
 * A new item runs alone, a removed one drops out of the result, and another order runs nothing. The call takes the list under its
 * noun with an s (`{ pictures }`), with the `shared` wires beside it, or the list alone where there are none. What holds for
 * `stage` holds for each item.
 *
 * @example
 * const grey = itemStage({
 *   name: "grey",
 *   noun: "picture",
 *   code: import.meta.url,
 *   item: CroppedPicture,
 *   output: CroppedPicture,
 *   run: async ({ item }, work) => ({ ...item, image: await work.put(await toGrey(await work.bytes(item.image))) }),
 * })
 */
export const itemStage = <
  A extends AnySchema,
  B extends AnySchema,
  P extends ParamsSchema = typeof NoParams,
  S extends Fields = None,
  U extends Fields = None,
  X extends Fields = None,
  N extends string = "item",
  R = never,
>(
  definition: ItemStageDefinition<P, A, S, U, X, B, N, R>,
): NoInfer<StageCall<ItemWires<N, A, S & X>, U, P["~type.make.in"], ReturnType<typeof Items<B>>>> => {
  const { params: paramsSchema = NoParams, shared = {}, upstream = {}, item, output, cores = 1, ...rest } = definition
  const { run, inspect, passes = {} } = definition
  const noun = definition.noun ?? "item"
  const list = `${noun}s`
  const inputSchemas: Fields = { ...shared, ...upstream }
  const taken: Fields = { [list]: Items(item), ...shared, ...passes }
  const takes = { name: definition.name, wires: taken, upstream }
  const outputSchema = Items(output)
  const call = (...args: readonly unknown[]) => {
    const given = argumentsOf(taken, args)
    const { wires, all, misuse } = givenWires(takes, given.wires)
    // The one place where the types of an item stage are forgotten; the signature of the call has checked them.
    const fields = {
      ...rest,
      kind: "items",
      definition,
      params: given.params,
      paramsSchema,
      itemSchema: item,
      inputSchemas,
      resultSchema: output,
      outputSchema,
      cores,
      noun,
      items: wires[list]?.node,
      inputs: nodesOf(only(wires, inputSchemas)),
      passes: nodesOf(misuse === undefined ? only(wires, passes) : all),
      misuse,
      inspect: inspect && (({ shared: seen, ...args }: { shared: object }) => inspect({ ...seen, ...args } as never)),
      run: ({ shared: seen, ...one }: { shared: object }) =>
        performed((work) => run({ ...seen, ...one } as never, work)),
    }
    return wire(createNode(fields as unknown as Omit<ItemStageNode, "id" | "call" | "checked">))
  }
  return call as unknown as StageCall<ItemWires<N, A, S & X>, U, P["~type.make.in"], ReturnType<typeof Items<B>>>
}
