/**
 * What a stage call returns inside a pipeline definition: a typed wire, with no value yet.
 *
 * A wire says what it carries, in a word, and of what type; once the stage behind it has run there will be an `A`. It has no
 * other members: what else a stage needs lies in the values, or is found further upstream. It is covariant, so a stage that gives
 * more than is asked for still fits, and wiring two stages that do not fit is a type error in the pipeline file.
 */
import { Predicate, type Schema } from "effect"
import type { AnySchema, Fields, Node } from "./node.ts"
import { decodeMade } from "./schema-codec.ts"
import { type WordOf, type WordsTaken, wordOf } from "./word.ts"

declare const Carries: unique symbol

/** What a stage call returns inside a pipeline definition: it says what it carries, and has no value before the run. */
export interface Wire<out Word extends string, out A> {
  /** What is on it. The first member, so that the type checker tells this first when two wires do not fit. */
  readonly carries: Word
  /** Exists for the type checker only. */
  readonly [Carries]: () => A
  /** The stage behind it. For the runtime. */
  readonly node: Node
}

/** A wire, whatever it carries. */
export type AnyWire = Wire<string, unknown>

/** The wire that carries the decoded values of a schema. */
export type WireOf<S extends { readonly Type: unknown }> = Wire<WordOf<S>, S["Type"]>

/** What is taken where the decoded values of a schema are read. */
export type TakenWire<S extends { readonly Type: unknown }> = Wire<WordsTaken<WordOf<S>>, S["Type"]>

/** The wires that carry the decoded values of a record of schemas. */
export type Wires<F extends Fields> = { readonly [K in keyof F]: TakenWire<F[K]> }

/** The last argument of a stage call; it may be left out when nothing in it is required. */
export type ParamsArgument<MakeIn> = Record<never, never> extends MakeIn ? [params?: MakeIn] : [params: MakeIn]

/** The wire of a node, for the type of its output schema. */
export const wire = <S extends AnySchema>(node: Node): WireOf<S> =>
  ({ carries: wordOf(node.outputSchema) ?? `what ${node.name} gives`, node }) as unknown as WireOf<S>

/** Parameters as they are written: what has a default may be left out. */
export type MakeIn<S extends { readonly "~type.make.in": unknown }> = S["~type.make.in"]

/** True for what a stage call returned, whatever else it may be. */
export const isWire = (value: unknown): value is AnyWire =>
  Predicate.isObject(value) &&
  Predicate.isString(value["carries"]) &&
  Predicate.isObject(value["node"]) &&
  Predicate.isString(value["node"]["kind"])

/** The parameters of the call that a wire comes from, as far as they fit a schema; undefined where they do not. */
export const paramsBehind = <S extends Schema.Codec<unknown, unknown>>(
  { node }: AnyWire,
  schema: S,
): S["Type"] | undefined => (node.checked.kind === "fits" ? decodeMade(schema, node.checked.encoded) : undefined)
