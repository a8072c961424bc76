/**
 * A list whose elements have names. An item stage runs once per element, and its results are kept per element, so
 * the key has to stay the same from run to run: a file name, not a position. Keys are unique within a list.
 */
import { Schema } from "effect"

export type Item<A> = {
  readonly key: string
  readonly value: A
}

export type Items<A> = ReadonlyArray<Item<A>>

/** The schema of a keyed list of `value`s. */
export const Items = <S extends Schema.Constraint>(value: S) =>
  Schema.Array(Schema.Struct({ key: Schema.String, value }))
