/**
 * Values to JSON and back by their schemas, with what is wrong told field by field.
 *
 * Stage results, parameters and inputs travel as the JSON their schema encodes them to; that text is what is digested
 * and kept. Codecs are made once per schema.
 */
import { Effect, Result, Schema, SchemaIssue } from "effect"
import type { Json } from "./canonical-json.ts"
import { digestText } from "./fingerprint.ts"
import type { AnySchema, ParamsSchema } from "./node.ts"

/** What is wrong with one field of a value. */
export interface FieldIssue {
  /** "size", "denoising.start", or "" for the value itself. */
  readonly field: string
  readonly why: string
  /** True for a field that the schema does not know. */
  readonly isUnknown?: boolean
}

interface JsonCodec {
  readonly encode: (value: unknown) => Result.Result<Json, Schema.SchemaError>
  readonly decode: (json: unknown) => Result.Result<unknown, Schema.SchemaError>
}

const codecs = new WeakMap<AnySchema, JsonCodec>()
const parseOptions = { errors: "all", onExcessProperty: "error" } as const
const identities = new WeakMap<AnySchema, string>()

const codecOf = (schema: AnySchema): JsonCodec => {
  const known = codecs.get(schema)
  if (known !== undefined) return known
  const codec = Schema.toCodecJson(schema)
  const made: JsonCodec = {
    encode: Schema.encodeUnknownResult(codec, { errors: "all" }) as JsonCodec["encode"],
    decode: Schema.decodeUnknownResult(codec, { errors: "all" }),
  }
  codecs.set(schema, made)
  return made
}

export const encodeJson = (schema: AnySchema, value: unknown): Result.Result<Json, readonly FieldIssue[]> =>
  Result.mapError(codecOf(schema).encode(value), (error) => fieldIssues(error.issue))

/** Fields that the schema does not name are left out: a wire may carry more than its reader asks for. */
export const decodeJson = (schema: AnySchema, json: unknown): Result.Result<unknown, readonly FieldIssue[]> =>
  Result.mapError(codecOf(schema).decode(json), (error) => fieldIssues(error.issue))

/** A value that has been encoded before, read by another schema; undefined where it does not fit that. */
export const decodeMade = <S extends AnySchema>(schema: S, json: Json): S["Type"] | undefined =>
  Result.getOrUndefined(decodeJson(schema, json)) as S["Type"] | undefined

/** For parameters from outside: an unknown field is an error. */
export const decodeParams = (schema: ParamsSchema, json: unknown): Result.Result<object, readonly FieldIssue[]> =>
  Result.mapError(Schema.decodeUnknownResult(Schema.toCodecJson(schema), parseOptions)(json), (error) =>
    fieldIssues(error.issue),
  )

/** Fills in constructor defaults and checks every field; an unknown field is an error too. */
export const makeParams = (schema: ParamsSchema, input: unknown): Result.Result<object, readonly FieldIssue[]> =>
  Effect.runSync(schema.makeEffect(input as object, { parseOptions }).pipe(Effect.mapError(fieldIssues), Effect.result))

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const fieldIssues = (issue: SchemaIssue.Issue): readonly FieldIssue[] =>
  format(issue).issues.map(({ path = [], message }) => ({
    field: path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
    why: message.charAt(0).toLowerCase() + message.slice(1),
    ...(message === unknownField && { isUnknown: true }),
  }))

/** How effect's formatter says that a field is not in the schema. */
const unknownField = "Expected no excess property"

/** The shape of a schema without its descriptions, as a digest; part of a key, so that a result never outlives its schema. */
export const schemaIdentity = (schema: AnySchema): string => {
  const known = identities.get(schema)
  if (known !== undefined) return known
  const identity = digestText(representation(schema)).slice(0, 16)
  identities.set(schema, identity)
  return identity
}

const representation = (schema: AnySchema): string => {
  try {
    const withoutNotes = (key: string, value: unknown) => (key === "annotations" ? undefined : value)
    return JSON.stringify(Schema.toRepresentation(schema), withoutNotes)
  } catch {
    // A custom declaration has no representation; the stage's code digest still covers the module that declares it.
    return "opaque"
  }
}
