/**
 * What a stage call returns inside a pipeline definition: a typed wire, with no value yet.
 *
 * `Output<A>` says that once the stage behind it has run there will be an `A`. It is covariant, so a stage that gives
 * more than is asked for still fits, and wiring two stages that do not fit is a type error in the pipeline file.
 */
import type { Node } from "./node.ts"

declare const Carries: unique symbol

export interface Output<out A> {
  /** Exists for the type checker only. */
  readonly [Carries]?: () => A
  readonly node: Node
}

/** The wires that carry the decoded values of a record of schemas. */
export type Wires<Fields extends Readonly<Record<string, { readonly Type: unknown }>>> = {
  readonly [K in keyof Fields]: Output<Fields[K]["Type"]>
}

/** The last argument of a stage call; it may be left out when nothing in it is required. */
export type ParamsArgument<MakeIn> = Record<never, never> extends MakeIn ? [params?: MakeIn] : [params: MakeIn]

export const wire = <A>(node: Node): Output<A> => ({ node })
