/**
 * The error of a model's config.json that Loom cannot build, and the two checks every config goes through.
 *
 * The one idea: a field we do not implement is refused by name, with its value and with what is supported, instead of
 * building a graph that is silently another model. Fields that do not change the graph are ignored.
 */
import { Effect, Result, Schema, SchemaIssue } from "effect"

export class UnsupportedConfig extends Schema.TaggedError<UnsupportedConfig>()("UnsupportedConfig", {
  /** Whose config.json: "unet", "vae" or "text encoder". */
  model: Schema.String,
  /** The field as the file spells it, e.g. `down_block_types[1]`. */
  field: Schema.String,
  /** Its value, as JSON. */
  value: Schema.String,
  /** What the field may be. */
  supported: Schema.String,
}) {
  get hint(): string {
    return `Use a model whose ${this.model} config has ${this.field} set to ${this.supported}`
  }
  override get message(): string {
    return `${this.model} config: ${this.field} = ${this.value} is not supported; supported: ${this.supported}`
  }
}

/** What is wrong with a field, before the model and the value are known. */
export interface Complaint {
  readonly field: string
  readonly value: unknown
  readonly supported: string
}

/** Fields of which only some values are implemented. A field that is absent has a supported default. */
export type OnlyAs = Readonly<Record<string, readonly (string | number | boolean | null)[]>>

const firstRefused = (json: Readonly<Record<string, unknown>>, onlyAs: OnlyAs): Complaint | undefined => {
  for (const [field, allowed] of Object.entries(onlyAs)) {
    const value = json[field]
    if (value !== undefined && !allowed.some((one) => one === value)) {
      return { field, value, supported: allowed.map((one) => JSON.stringify(one)).join(" or ") }
    }
  }
  return undefined
}

const valueAt = (json: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], json)

const spell = (path: readonly PropertyKey[]): string =>
  path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index ? "." : ""}${String(key)}`)).join("")

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** The first thing that a schema finds wrong with parsed JSON, by its field. */
export const complaintOf = (json: unknown, error: Schema.SchemaError): Complaint => {
  const issue = issuesOf(error.issue).issues[0]
  const path = (issue?.path ?? []).map((part) => (typeof part === "object" ? part.key : part))
  return {
    field: spell(path) || "the whole file",
    value: valueAt(json, path),
    supported: (issue?.message ?? "").replace(/^Expected /, ""),
  }
}

const mostShown = 60

/** A value as JSON, cut to a readable length. */
export const saidValue = (value: unknown): string => {
  const said = typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? "absent")
  return said.length <= mostShown ? said : `${said.slice(0, mostShown)}…`
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A decoder of one model's config: refuses `onlyAs` violations, then types, then what `inconsistency` finds. */
export const configDecoder = <S extends Schema.ConstraintDecoder<unknown>>(definition: {
  readonly model: string
  readonly schema: S
  readonly onlyAs: OnlyAs
  readonly inconsistency: (config: S["Type"]) => Complaint | undefined
}) => {
  const decode = Schema.decodeUnknownResult(definition.schema)
  const refuse = ({ field, value, supported }: Complaint) =>
    Effect.fail(new UnsupportedConfig({ model: definition.model, field, value: saidValue(value), supported }))
  return (json: unknown): Effect.Effect<S["Type"], UnsupportedConfig> => {
    const refused = isRecord(json) ? firstRefused(json, definition.onlyAs) : undefined
    if (refused) return refuse(refused)
    const decoded = decode(json)
    if (Result.isFailure(decoded)) return refuse(complaintOf(json, decoded.failure))
    const inconsistent = definition.inconsistency(decoded.success)
    return inconsistent ? refuse(inconsistent) : Effect.succeed(decoded.success)
  }
}

export const PositiveInt = Schema.Int.check(Schema.isGreaterThan(0))
export const PositiveNumber = Schema.Finite.check(Schema.isGreaterThan(0))

/** Norm groups must divide every width they are applied to. */
export const indivisibleWidth = (field: string, groups: number, widths: readonly number[]): Complaint | undefined => {
  const width = widths.find((one) => one % groups !== 0)
  return width === undefined ? undefined : { field, value: groups, supported: `a divisor of the width ${width}` }
}
