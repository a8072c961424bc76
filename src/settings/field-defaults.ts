/** Fields that may be left out, of a record that a pipeline file writes and of a record that a file on disk holds. */
import { Effect, Schema } from "effect"

/** Filled in where a program makes the record. */
export const withDefault = <S extends Schema.Constraint & Schema.WithoutConstructorDefault>(
  schema: S,
  value: S["~type.make.in"],
) => Schema.withConstructorDefault<S>(Effect.succeed(value))(schema)

/** Filled in where the record is read from JSON. */
export const withFileDefault = <S extends Schema.Constraint>(
  schema: S,
  value: S["Encoded"],
): Schema.withDecodingDefaultKey<S> => Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema)
