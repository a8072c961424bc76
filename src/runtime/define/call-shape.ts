/**
 * The one shape of every call in a pipeline file: `stage(wires, params?)`.
 *
 * Wires are a record, or the wire by itself where there is just one; a stage without wires is called with its parameters alone.
 * Wires that are found upstream may be given as well. Parameters may be left out where none is required.
 */
import type { Fields } from "../model/node.ts"
import { isWire, type ParamsArgument, type TakenWire, type WireOf, type Wires } from "../model/wire.ts"

type Intersected<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never

/** Whether a union has one member. */
type IsOne<U> = [U] extends [Intersected<U>] ? true : false

/** The first argument of a call. */
export type WiresArgument<I extends Fields, U extends Fields> =
  | (Wires<I> & Partial<Wires<U>>)
  | (IsOne<keyof I> extends true ? TakenWire<I[keyof I]> : never)

/**
 * A stage as it is called in a pipeline: `call(wires, params?)`, or `call(params?)` where it reads nothing. The wires are a record, or
 * the wire by itself where it is the only one; `params` may be left out where none is required.
 */
export type StageCall<I extends Fields, U extends Fields, MakeIn, O extends { readonly Type: unknown }> = [
  keyof I,
] extends [never]
  ? (...params: ParamsArgument<MakeIn>) => WireOf<O>
  : (wires: WiresArgument<I, U>, ...params: ParamsArgument<MakeIn>) => WireOf<O>

/** Wires and parameters out of a call's arguments, whatever they are. */
export const argumentsOf = (
  wires: Fields,
  given: readonly unknown[],
): { readonly wires: unknown; readonly params: unknown } => {
  // Wires side by side are told as what they are.
  if (isWire(given[0]) && isWire(given[1]))
    return { wires: given.filter(isWire), params: given.find((one) => !isWire(one)) }
  if (Object.keys(wires).length > 0 || given.length > 1) return { wires: given[0], params: given[1] }
  return { wires: {}, params: given[0] }
}
