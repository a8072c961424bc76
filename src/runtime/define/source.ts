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

/** What `source` takes: a name, schemas, and the function that reads. */
export interface SourceDefinition<P extends ParamsSchema, O extends AnySchema, W> {
  /** In plans and messages: lower case with dashes, such as "prompt-list". */
  readonly name: string
  /** `import.meta.url` of the file that defines the source. */
  readonly code: string
  /** Default: none. */
  readonly params?: P
  /** Of what is read. */
  readonly output: O
  /** Looks at the parameters alone, before anything is read. */
  readonly check?: (params: P["Type"]) => readonly Problem[]
  /** Other programs' words for its parameters, for whoever writes one of them. */
  readonly otherWords?: OtherWords
  /** What the stages around it want of it, once the whole pipeline is wired; `read` is given it. */
  readonly wired?: (here: WiredStage) => W
  /** What there is: as a value, a promise of it, or an Effect. */
  readonly read: (args: { readonly params: P["Type"] }, reading: Reading<W>) => Read<O["Type"]>
}

/**
 * Defines a source: a stage without wires that reads the outside world. The call that comes back takes its parameters.
 *
 * It is read when planning and when running and never cached, so it should list and digest, not decode. Its function is plain or
 * asynchronous, or an Effect over `SourceContext`; files are named by `fileBlob`, whose digests make the keys of what comes after.
 *
 * @example
 * const promptList = source({
 *   name: "prompt-list",
 *   code: import.meta.url,
 *   params: Schema.Struct({ file: Schema.String }),
 *   output: Blob,
 *   read: async ({ params }, { fileBlob }) => fileBlob(params.file),
 * })
 */
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
