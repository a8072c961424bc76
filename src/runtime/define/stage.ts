/**
 * A stage: a name, schemas for parameters, wires and output, and a function that does the work.
 *
 * Calling a stage inside a pipeline definition does no work; it returns a wire. The stage runs when its key is new:
 * the digests of its inputs' values, the parameters, and the code of the module named by `code` with its local
 * imports. So `run` must depend on nothing else. An equal output ends the wave: what comes after is restored.
 */
import { type Effect, type Layer, Schema } from "effect"
import type { OtherWords } from "../model/checked-params.ts"
import type { CourseOf } from "../model/course.ts"
import type { AnySchema, Artifact, Fields, KnownWork, KnownWorkQuery, ParamsSchema, StageNode } from "../model/node.ts"
import type { Trial } from "../model/shaping.ts"
import type { Problem, StageFailure } from "../model/stage-failure.ts"
import { wire } from "../model/wire.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { argumentsOf, type StageCall } from "./call-shape.ts"
import { createNode } from "./create-node.ts"
import { givenWires, nodesOf } from "./given-wires.ts"
import { type Done, performed, type Work } from "./work.ts"

/** The decoded values of a record of schemas. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: F[K]["Type"] }

/** The values of wires that are found upstream; nothing at all where none is declared. */
export type FoundValues<U extends Fields> = string extends keyof U ? unknown : ValuesOf<U>

/** No parameters, no wires. */
export const NoParams = Schema.Struct({})
export type None = Record<never, never>

/** What a stage says of itself whether it works on whole values or item by item. */
export interface WorkingDefinition<P extends ParamsSchema, X extends Fields, R> {
  /** In plans, keys and messages: lower case with dashes, such as "to-grey". */
  readonly name: string
  /** `import.meta.url` of the file that defines the stage. */
  readonly code: string
  /** Default: none. */
  readonly params?: P
  /** Wires that it is given and does not read: stages behind it find them through it. No part of its keys. */
  readonly passes?: X
  /** What of the parameters enters the keys, field by field. Default: all of them, as the schema encodes them. */
  readonly keyed?: (params: P["Type"]) => object
  /** The kind of machine that it computes on, where its bytes depend on that: part of its keys. Default: they do not. */
  readonly machine?: string
  /** Built once per run and shared, and only when some stage that asks for it really runs. */
  readonly services?: Layer.Layer<R, StageFailure>
  /** Looks at the parameters alone, before anything runs. */
  readonly check?: (params: P["Type"]) => readonly Problem[]
  /** Looks at the stage in its graph, once the whole pipeline is wired. */
  readonly wired?: (here: WiredStage) => readonly Problem[]
  /** Share of the core budget taken while running, of an item stage by one item; default 1. */
  readonly cores?: number
  /** Other programs' words for its parameters, for whoever writes one of them. */
  readonly otherWords?: OtherWords
}

/**
 * What `stage` takes: a name, schemas, and the function that does the work. Its types are inferred: `P` of the parameters, `I` of the
 * wires, `U` of those found upstream, `X` of those passed on, `O` of the result, `R` of the services.
 */
export interface StageDefinition<
  P extends ParamsSchema,
  I extends Fields,
  U extends Fields,
  X extends Fields,
  O extends AnySchema,
  R,
> extends WorkingDefinition<P, X, R> {
  /** What it reads and has to be given. */
  readonly wires: I
  /** What it reads and finds upstream: of each, the nearest wire that carries such values, unless it is given too. */
  readonly upstream?: U
  /** Of the result. With a word (`named`), other stages' wires can ask for it. */
  readonly output: O
  /** Looks at parameters and inputs as soon as the inputs are known. */
  readonly inspect?: (
    args: ValuesOf<I> & FoundValues<U> & { readonly params: P["Type"]; readonly here: WiredStage },
  ) => readonly Problem[]
  /**
   * How much of the work is known when the result is not, told by `loom plan`. Asked while planning, so it must be quick
   * and do nothing but look.
   */
  readonly knownWork?: (
    query: KnownWorkQuery<P["Type"], ValuesOf<I> & FoundValues<U>>,
  ) => Effect.Effect<KnownWork, StageFailure>
  /** Of a computation in steps with snapshots on the way (`trajectory`): what a sweep needs to know to share them. */
  readonly course?: CourseOf<P["Type"]>
  /** The parameters with which the result says that it belongs to a trial of a sweep. */
  readonly asTrial?: (params: P["Type"], trial: Trial) => P["Type"]
  /** Which bytes of the result are finished files, and under which paths in the pipeline's output folder. */
  readonly artifacts?: (args: { readonly params: P["Type"]; readonly output: O["Type"] }) => readonly Artifact[]
  /** The result: as a value, a promise of it, or an Effect. */
  readonly run: (
    args: ValuesOf<I> & FoundValues<U> & { readonly params: P["Type"] },
    work: Work,
  ) => Done<O["Type"], NoInfer<R>>
}

/**
 * Defines a stage: the call that comes back wires it into a pipeline, `call(wires, params?)`, or `call(wire, params?)` where it
 * reads one wire.
 *
 * The stage runs when its key is new: inputs by digest, parameters, and the code of the module `code` with all that it imports. So
 * `run` must depend on nothing else, no clock, no files, no random numbers of its own. It gives the result, a promise of it, or an
 * Effect; it throws or fails with `StageFailure` where it can say what is wrong, and anything else that is thrown counts as a
 * mistake in its code. The result has to fit `output`.
 *
 * @example
 * const averageSize = stage({
 *   name: "average-size",
 *   code: import.meta.url,
 *   wires: { images: Items(CroppedPicture) },
 *   output: Schema.Finite,
 *   run: async ({ images }, work) => {
 *     const files = await Promise.all(images.map(({ value }) => work.bytes(value.image)))
 *     return files.reduce((sum, bytes) => sum + bytes.length, 0) / files.length
 *   },
 * })
 */
export const stage = <
  I extends Fields,
  O extends AnySchema,
  P extends ParamsSchema = typeof NoParams,
  U extends Fields = None,
  X extends Fields = None,
  R = never,
>(
  definition: StageDefinition<P, I, U, X, O, R>,
): NoInfer<StageCall<I & X, U, P["~type.make.in"], O>> => {
  const { params: paramsSchema = NoParams, wires: read, upstream = {}, output, cores = 1, ...rest } = definition
  const { run, inspect, passes = {} } = definition
  const taken = { ...read, ...passes }
  const takes = { name: definition.name, wires: taken, upstream }
  const inputSchemas = { ...read, ...upstream }
  const call = (...args: readonly unknown[]) => {
    const given = argumentsOf(taken, args)
    const { wires, all, misuse } = givenWires(takes, given.wires)
    // The one place where the types of a stage are forgotten; the signature of the call has checked them.
    const fields = {
      ...rest,
      kind: "stage",
      definition,
      params: given.params,
      paramsSchema,
      inputSchemas,
      outputSchema: output,
      cores,
      inputs: nodesOf(only(wires, inputSchemas)),
      passes: nodesOf(misuse === undefined ? only(wires, passes) : all),
      misuse,
      inspect: inspect && (({ inputs, ...args }: { inputs: object }) => inspect({ ...inputs, ...args } as never)),
      run: ({ inputs, params }: { inputs: object; params: unknown }) =>
        performed((work) => run({ ...inputs, params } as never, work)),
    }
    return wire<O>(createNode(fields as unknown as Omit<StageNode, "id" | "call" | "checked">))
  }
  return call as unknown as StageCall<I & X, U, P["~type.make.in"], O>
}

/** The entries whose names are in another record. */
export const only = <A>(record: Readonly<Record<string, A>>, names: object): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name in names))
