/**
 * A list whose elements have names. An item stage runs once per element, and its results are kept per element, so
 * the key has to stay the same from run to run: a file name, not a position. Keys are unique within a list.
 */
import { Schema } from "effect"
import type { AnySchema } from "./node.ts"
import { type Named, named, type Plural, type WordOf, wordOf } from "./word.ts"

/** An element of a list, with the name it is known by. */
export type Item<A> = {
  /** Unique within the list and the same from run to run: a file name, not a position. */
  readonly key: string
  readonly value: A
}

/** A list whose elements have names. */
export type Items<A> = ReadonlyArray<Item<A>>

const listOf = <S extends Schema.Constraint>(value: S) => Schema.Array(Schema.Struct({ key: Schema.String, value }))

/**
 * The schema of a list whose elements have names: what item stages take and give. Its word is the plural of the values' word.
 *
 * @example
 * wires: { images: Items(CroppedPicture) }
 */
export const Items = <S extends AnySchema>(value: S): Named<Plural<WordOf<S>>, ReturnType<typeof listOf<S>>> => {
  const list = listOf(value)
  const word = wordOf(value)
  const worded = word === undefined ? list : named(`${word}s`, list as unknown as AnySchema)
  return worded as Named<Plural<WordOf<S>>, ReturnType<typeof listOf<S>>>
}
