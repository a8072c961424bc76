/**
 * A source reads the outside world: a folder of pictures, a model on disk, a list in a file.
 *
 * It is read when planning and when running and never cached, so it should be quick: list and digest, not decode.
 * `fileBlob` makes that cheap. The digest of what it returns enters the keys downstream, so an unchanged folder runs nothing.
 */
import type { Effect, Schema } from "effect"
import { createNode, type ParamsSchema, type SourceNode } from "../model/node.ts"
import type { SourceContext } from "../model/stage-context.ts"
import type { Problem, StageFailure } from "../model/stage-failure.ts"
import { type Output, type ParamsArgument, wire } from "../model/wire.ts"

export interface SourceDefinition<P extends ParamsSchema, O extends Schema.Codec<unknown, unknown>> {
  readonly name: string
  /** `import.meta.url` of the file that defines the source. */
  readonly code: string
  readonly params: P
  readonly output: O
  readonly check?: (params: P["Type"]) => readonly Problem[]
  readonly read: (args: { readonly params: P["Type"] }) => Effect.Effect<O["Type"], StageFailure, SourceContext>
}

export const source =
  <P extends ParamsSchema, O extends Schema.Codec<unknown, unknown>>(definition: SourceDefinition<P, O>) =>
  (...[params]: ParamsArgument<P["~type.make.in"]>): Output<O["Type"]> => {
    const { params: paramsSchema, output: outputSchema, ...rest } = definition
    // The one place where the types of a source are forgotten; the signature above has checked them.
    const fields = {
      ...rest,
      kind: "source",
      params: params ?? {},
      paramsSchema,
      outputSchema,
    } as unknown as Omit<SourceNode, "id">
    return wire(createNode<SourceNode>(fields))
  }
