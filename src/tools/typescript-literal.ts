/** Plain values written as TypeScript, the way a person would write them. */
import type { MetadataJson } from "../formats/lora-metadata.ts"

const longestLine = 100

const propertyName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const members = (value: object): readonly (readonly [string, MetadataJson])[] =>
  Object.entries(value).map(([name, member]) => [propertyName(name), member as MetadataJson] as const)

const onOneLine = (value: MetadataJson): string => {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const written = members(value).map(([name, member]) => `${name}: ${onOneLine(member)}`)
  return written.length === 0 ? "{}" : `{ ${written.join(", ")} }`
}

/** An object of many members gets a line for each; `indent` is that of the line it starts on. */
export const typescriptLiteral = (value: MetadataJson, indent = ""): string => {
  const short = onOneLine(value)
  if (short.length + indent.length <= longestLine) return short
  if (Array.isArray(value) || typeof value !== "object" || value === null) return short
  const lines = members(value).map(
    ([name, member]) => `${indent}  ${name}: ${typescriptLiteral(member, `${indent}  `)},`,
  )
  return `{\n${lines.join("\n")}\n${indent}}`
}
