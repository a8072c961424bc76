/**
 * Words: what a wire carries, said in a noun that stands in the schema of the value: "captions", "dataset".
 *
 * Two values may look alike and mean different things, and two that do not fit differ in a hundred fields. The word is what wiring
 * compares first, in the type checker and while a pipeline is wired, so that both can say what is wrong in one short sentence.
 * Words are no part of any identity.
 */
import type { AnySchema } from "./node.ts"

/** A schema whose values have a word. */
export type Named<Word extends string, S> = S & { readonly carries: Word }

/** The word of a schema; any, where it has none. */
export type WordOf<S> = S extends { readonly carries: infer Word extends string } ? Word : string

/** Of a list of such values. */
export type Plural<Word extends string> = string extends Word ? string : `${Word}s`

/** What a word of several takes: "pictures or captions" takes both. */
export type WordsTaken<Word extends string> = Word extends `${infer First} or ${infer Others}`
  ? First | WordsTaken<Others>
  : Word

/**
 * The schema with a word for its values, in the singular. Wires that carry such values say so, and a stage that reads another word
 * refuses them, in the type checker and while the pipeline is wired.
 *
 * @example
 * const Mask = named("mask", Schema.Struct({ image: Blob }))
 */
export const named = <Word extends string, S extends AnySchema>(word: Word, schema: S): Named<Word, S> =>
  Object.assign(schema.annotate({}) as S, { carries: word })

/** The word of a schema; undefined where it has none. */
export const wordOf = (schema: AnySchema): string | undefined =>
  "carries" in schema && typeof schema.carries === "string" ? schema.carries : undefined

/** The words that a schema takes: most have one, "pictures or captions" are two. */
export const wordsTaken = (schema: AnySchema): readonly string[] | undefined => wordOf(schema)?.split(" or ")
