/**
 * A stage: a name, schemas for parameters, inputs and output, and an Effect that does the work.
 *
 * Calling a stage inside a pipeline definition does no work; it returns a wire. The stage runs when its key is new:
 * the digests of its inputs' values, the parameters, and the code of the module named by `code` with its local
 * imports. So `run` must depend on nothing else. An equal output ends the wave: what comes after is restored.
 */
import type { Effect, Layer, Schema, Scope } from "effect"
import {
  type Artifact,
  createNode,
  type Fields,
  type KnownWork,
  type KnownWorkQuery,
  type ParamsSchema,
  type StageNode,
} from "../model/node.ts"
import type { StageContext } from "../model/stage-context.ts"
import type { Problem, StageFailure, StageStopped } from "../model/stage-failure.ts"
import { type Output, type ParamsArgument, type Wires, wire } from "../model/wire.ts"

/** The decoded values of a record of schemas. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: F[K]["Type"] }

export interface StageDefinition<
  P extends ParamsSchema,
  I extends Fields,
  O extends Schema.Codec<unknown, unknown>,
  R,
> {
  readonly name: string
  /** `import.meta.url` of the file that defines the stage. */
  readonly code: string
  readonly params: P
  readonly inputs: I
  readonly output: O
  /** What of the parameters enters the key, field by field. Default: all of them, as the schema encodes them. */
  readonly keyed?: (params: P["Type"]) => object
  /** Built once per run and shared, and only when some stage that asks for it really runs. */
  readonly services?: Layer.Layer<R, StageFailure>
  /** Looks at the parameters alone, before anything runs. */
  readonly check?: (params: P["Type"]) => readonly Problem[]
  /** Looks at parameters and inputs as soon as the inputs are known. */
  readonly inspect?: (args: { readonly params: P["Type"]; readonly inputs: ValuesOf<I> }) => readonly Problem[]
  /**
   * How much of the work is known when the result is not, told by `loom plan`. Asked while planning, so it must be quick
   * and do nothing but look.
   */
  readonly knownWork?: (query: KnownWorkQuery<P["Type"], ValuesOf<I>>) => Effect.Effect<KnownWork, StageFailure>
  readonly artifacts?: (args: { readonly params: P["Type"]; readonly output: O["Type"] }) => readonly Artifact[]
  /** Share of the core budget taken while running; default 1. */
  readonly cores?: number
  readonly run: (args: {
    readonly params: P["Type"]
    readonly inputs: ValuesOf<I>
  }) => Effect.Effect<O["Type"], StageFailure | StageStopped, StageContext | Scope.Scope | NoInfer<R>>
}

export const stage =
  <P extends ParamsSchema, I extends Fields, O extends Schema.Codec<unknown, unknown>, R = never>(
    definition: StageDefinition<P, I, O, R>,
  ) =>
  (inputs: Wires<I>, ...[params]: ParamsArgument<P["~type.make.in"]>): Output<O["Type"]> => {
    const { params: paramsSchema, inputs: inputSchemas, output: outputSchema, cores = 1, ...rest } = definition
    // The one place where the types of a stage are forgotten; the signature above has checked them.
    const fields = {
      ...rest,
      kind: "stage",
      params: params ?? {},
      paramsSchema,
      inputSchemas,
      outputSchema,
      cores,
      inputs: Object.fromEntries(Object.keys(inputSchemas).map((name) => [name, inputs[name as keyof I].node])),
    } as unknown as Omit<StageNode, "id">
    return wire(createNode<StageNode>(fields))
  }
