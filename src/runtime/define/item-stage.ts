/**
 * A stage over a list, one item at a time: one key and one kept result per item.
 *
 * An item's key is built from its key and value, the shared inputs, the parameters and the code. A new item
 * runs alone, a removed one drops out of the result, and another order runs nothing.
 */
import type { Effect, Layer, Schema, Scope } from "effect"
import { type Item, Items } from "../model/items.ts"
import { type Artifact, createNode, type Fields, type ItemStageNode, type ParamsSchema } from "../model/node.ts"
import type { StageContext } from "../model/stage-context.ts"
import type { Problem, StageFailure, StageStopped } from "../model/stage-failure.ts"
import { type Output, type ParamsArgument, type Wires, wire } from "../model/wire.ts"
import type { ValuesOf } from "./stage.ts"

export interface ItemStageDefinition<
  P extends ParamsSchema,
  A extends Schema.Codec<unknown, unknown>,
  S extends Fields,
  B extends Schema.Codec<unknown, unknown>,
  R,
> {
  readonly name: string
  /** `import.meta.url` of the file that defines the stage. */
  readonly code: string
  readonly params: P
  /** One item of the list. */
  readonly item: A
  /** Inputs that every item sees whole. A change in one of them runs every item. */
  readonly shared: S
  /** The result for one item. */
  readonly output: B
  readonly keyed?: (params: P["Type"]) => object
  readonly services?: Layer.Layer<R, StageFailure>
  readonly check?: (params: P["Type"]) => readonly Problem[]
  readonly inspect?: (args: {
    readonly params: P["Type"]
    readonly items: Items<A["Type"]>
    readonly shared: ValuesOf<S>
  }) => readonly Problem[]
  readonly artifacts?: (args: { readonly params: P["Type"]; readonly output: Items<B["Type"]> }) => readonly Artifact[]
  /** What one item is called in reasons: "picture". Default: "item". */
  readonly noun?: string
  /** Share of the core budget taken by one item; default 1. */
  readonly cores?: number
  readonly run: (args: {
    readonly params: P["Type"]
    readonly key: string
    readonly item: A["Type"]
    readonly shared: ValuesOf<S>
  }) => Effect.Effect<B["Type"], StageFailure | StageStopped, StageContext | Scope.Scope | NoInfer<R>>
}

export const itemStage =
  <
    P extends ParamsSchema,
    A extends Schema.Codec<unknown, unknown>,
    S extends Fields,
    B extends Schema.Codec<unknown, unknown>,
    R = never,
  >(
    definition: ItemStageDefinition<P, A, S, B, R>,
  ) =>
  (
    items: Output<Items<A["Type"]>>,
    shared: Wires<S>,
    ...[params]: ParamsArgument<P["~type.make.in"]>
  ): Output<ReadonlyArray<Item<B["Type"]>>> => {
    const { params: paramsSchema, shared: inputSchemas, item, output, cores = 1, noun = "item", ...rest } = definition
    // The one place where the types of an item stage are forgotten; the signature above has checked them.
    const fields = {
      ...rest,
      kind: "items",
      params: params ?? {},
      paramsSchema,
      itemSchema: item,
      inputSchemas,
      resultSchema: output,
      outputSchema: Items(output),
      cores,
      noun,
      items: items.node,
      inputs: Object.fromEntries(Object.keys(inputSchemas).map((name) => [name, shared[name as keyof S].node])),
    } as unknown as Omit<ItemStageNode, "id">
    return wire(createNode<ItemStageNode>(fields))
  }
