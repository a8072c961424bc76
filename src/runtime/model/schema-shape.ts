/** What a parameter schema offers at a place, for hints: the names of its fields, and the kinds of a choice of records. */
import type { ParamsSchema } from "./node.ts"

interface SchemaNode {
  readonly fields?: Readonly<Record<string, unknown>>
  readonly members?: readonly unknown[]
  readonly schema?: unknown
  readonly literal?: unknown
}

/** The schemas that a schema is made of: the members of a choice, what a default stands around. */
const layers = (schema: unknown): readonly SchemaNode[] => {
  const node = schema as SchemaNode
  const inner = [...(node.members ?? []), ...(node.schema === undefined ? [] : [node.schema])]
  return [node, ...inner.flatMap(layers)]
}

const schemasAt = (schema: unknown, path: readonly string[]): readonly SchemaNode[] =>
  path.reduce<readonly SchemaNode[]>(
    (found, name) => found.flatMap(({ fields }) => (fields?.[name] === undefined ? [] : layers(fields[name]))),
    layers(schema),
  )

/** Names of the parameters beside a field. */
export const fieldsAt = (schema: ParamsSchema, field: string): readonly string[] => [
  ...new Set(schemasAt(schema, field.split(".").slice(0, -1)).flatMap(({ fields = {} }) => Object.keys(fields))),
]

/** The kinds of a choice of records. */
export const kindsOf = (schema: ParamsSchema, field: string): readonly string[] =>
  schemasAt(schema, field.split(".")).flatMap(({ fields }) => {
    const literal = (fields?.["kind"] as SchemaNode | undefined)?.literal
    return typeof literal === "string" ? [literal] : []
  })
