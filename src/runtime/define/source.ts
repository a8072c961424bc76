/**
 * A source reads the outside world: a folder of pictures, a model on disk, a list in a file.
 *
 * It is read when planning and when running and never cached, so it should be quick: list and digest, not decode.
 * `fileBlob` makes that cheap. The digest of what it returns enters the keys downstream, so an unchanged folder runs nothing.
 * What the stages around it want of it it may learn from the wiring; that is no part of what it returns.
 */
import type { OtherWords } from "../model/checked-params.ts"
import type { AnySchema, ParamsSchema, SourceNode } from "../model/node.ts"
import type { Problem } from "../model/stage-failure.ts"
import { type ParamsArgument, type WireOf, wire } from "../model/wire.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { createNode } from "./create-node.ts"
import { type Read, type Reading, readPlainly } from "./reading.ts"
import { NoParams } from "./stage.ts"

export interface SourceDefinition<P extends ParamsSchema, O extends AnySchema, W> {
  readonly name: string
  /** `import.meta.url` of the file that defines the source. */
  readonly code: string
  /** Default: none. */
  readonly params?: P
  readonly output: O
  readonly check?: (params: P["Type"]) => readonly Problem[]
  readonly otherWords?: OtherWords
  /** What the stages around it want of it, once the whole pipeline is wired; `read` is given it. */
  readonly wired?: (here: WiredStage) => W
  /** What there is: as a value, a promise of it, or an Effect. */
  readonly read: (args: { readonly params: P["Type"] }, reading: Reading<W>) => Read<O["Type"]>
}

export const source =
  <O extends AnySchema, P extends ParamsSchema = typeof NoParams, W = undefined>(
    definition: SourceDefinition<P, O, W>,
  ) =>
  (...[params]: ParamsArgument<P["~type.make.in"]>): WireOf<O> => {
    const { params: paramsSchema = NoParams, output: outputSchema, ...rest } = definition
    // The one place where the types of a source are forgotten; the signature above has checked them.
    const fields = {
      ...rest,
      kind: "source",
      definition,
      params,
      paramsSchema,
      outputSchema,
      passes: {},
      read: ({ params, wired }: { params: unknown; wired: W }) =>
        readPlainly(wired, (reading) => definition.read({ params } as never, reading)),
    }
    return wire<O>(createNode(fields as unknown as Omit<SourceNode, "id" | "call" | "checked">))
  }
