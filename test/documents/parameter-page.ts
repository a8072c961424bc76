/**
 * What is printed of the rows of `train`: the page docs/parameters.md, and src/settings/train-params-input.ts, the parameters as
 * an editor shows them. `node test/documents/write-parameters.ts` writes both; a test compares.
 */
import type { SchemaAST } from "effect"
import type { InForce, Row, Rows } from "../../src/settings/row.ts"
import { trainRows } from "../../src/settings/train-rows.ts"

const sentence = (text: string): string => {
  const whole = text.startsWith("null") ? text : text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}

/** The rows with those of their parts behind them, by path: "schedule.floor". A part that several kinds share comes once. */
export const allRows = (rows: Rows, prefix = ""): readonly (readonly [path: string, row: Row])[] => {
  const flat = Object.entries(rows).flatMap(([name, row]): readonly (readonly [string, Row])[] => [
    [`${prefix}${name}`, row],
    ...[row.parts ?? {}, ...Object.values(row.kinds ?? {})].flatMap((parts) => allRows(parts, `${prefix}${name}.`)),
  ])
  return [...new Map(flat)]
}

const isInteger = ({ checks }: SchemaAST.AST): boolean =>
  checks?.some((check) => JSON.stringify(check.annotations)?.includes("schema/isInt")) ?? false

const written = (value: unknown): string => {
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 0.01 ? value.toExponential() : String(value)
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${name}: ${written(member)}`)
    .join(", ")} }`
}

/** Bounds, and what is usual. */
const boundsOf = ({ rules = [] }: Row): readonly string[] =>
  rules.filter(({ why }) => why.includes("must")).flatMap(({ why, hint }) => [sentence(why), sentence(hint)])

const meaningOf = (row: Row): string => [sentence(row.meaning), ...boundsOf(row)].join(" ")

const costs: Readonly<Record<InForce, string>> = {
  start: "all steps",
  step: "all steps",
  rates: "from the first step whose rate differs",
  course: "the steps that are missing",
  machine: "nothing",
  parts: "see its parts",
}

/** Nothing on a page ends a cell but what should. */
const cell = (text: string): string => text.replaceAll("|", "\\|")
const tableOf = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n")

const defaultOf = (row: Row): string => (row.default === undefined ? "must be given" : `\`${written(row.default)}\``)

const named = (name: string | null): string => {
  return name?.replaceAll(/--\w+( "[^"]+")?/g, (flag) => `\`${flag}\``) ?? "—"
}

export const parameterPage = (rows: Rows = trainRows): string => {
  const all = allRows(rows)
  return `# The parameters of \`train\`

<!-- Printed from the rows in src/settings by \`node test/documents/write-parameters.ts\`. -->

A step is one optimizer update. Everything may be left out but what the table says must be given; \`null\` means none.

${tableOf(
  ["parameter", "unit", "default", "what it does"],
  all.map(([path, row]) => [`\`${path}\``, row.unit, defaultOf(row), meaningOf(row)]),
)}

## In other trainers, and what a change computes again

\`loom explain PIPELINE --settings\` says a whole training in the words of kohya's sd-scripts and Draw Things, with its numbers. Draw
Things counts pictures where Loom and kohya count updates.

${tableOf(
  ["parameter", "kohya", "Draw Things", "a change computes again"],
  all.map(([path, { kohya, drawThings, inForce }]) => [
    `\`${path}\``,
    named(kohya.name),
    drawThings.name ?? "—",
    costs[inForce],
  ]),
)}
`
}

const typeOf = (ast: SchemaAST.AST): string => {
  switch (ast._tag) {
    case "Number":
      return "number"
    case "String":
      return "string"
    case "Boolean":
      return "boolean"
    case "Null":
      return "null"
    case "Literal":
      return JSON.stringify(ast.literal)
    case "Union":
      return ast.types.map(typeOf).join(" | ")
    case "Arrays":
      return `readonly [${ast.elements.map(typeOf).join(", ")}]`
    default:
      throw new Error(`a row of type ${ast._tag} needs parts`)
  }
}

const isNullable = ({ ast }: Row["field"]): boolean =>
  ast._tag === "Union" && ast.types.some((type) => type._tag === "Null")

const capital = (text: string): string => text.replace(/(^|-)\w/g, (letter) => letter.slice(-1).toUpperCase())

/** The words of a comment on lines of at most so many characters. */
const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const longer = [...lines.slice(-1), word].join(" ")
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

const comment = (text: string): string => {
  const lines = wrapped(text, 110)
  return lines.length === 1 ? `  /** ${lines[0]} */` : `  /**\n${lines.map((line) => `   * ${line}`).join("\n")}\n   */`
}

const memberOf = (name: string, row: Row): string => {
  const { parts, kinds, unit, field } = row
  const own = kinds === undefined && parts === undefined ? typeOf(field.ast) : `${capital(name)}Input`
  const type = parts !== undefined && isNullable(field) ? `${own} | null` : own
  const kind = isInteger(field.ast) ? "whole number" : ""
  const unitText = unit === "" ? kind : kind === "" || kind === unit ? unit : `${kind}, ${unit}`
  const facts = [
    ...(unitText === "" ? [] : [`Unit: ${unitText}.`]),
    row.default === undefined ? "" : `Default ${written(row.default)}.`,
  ]
  const text = [meaningOf(row), ...facts].filter((part) => part !== "").join(" ")
  return `${comment(text)}\n  readonly ${name}${row.default === undefined ? "" : "?"}: ${type}`
}

const interfaceOf = (name: string, rows: Rows, kind?: string): string =>
  [
    `export interface ${name} {`,
    ...(kind === undefined ? [] : [`  readonly kind: ${JSON.stringify(kind)}`]),
    ...Object.entries(rows).map(([member, row]) => memberOf(member, row)),
    "}",
  ].join("\n")

const partTypes = (rows: Rows): readonly string[] =>
  Object.entries(rows).flatMap(([name, { meaning, parts, kinds }]) => {
    const about = comment(sentence(meaning)).replaceAll(/^ {2}/gm, "")
    if (parts !== undefined) return [`${about}\n${interfaceOf(`${capital(name)}Input`, parts)}`]
    if (kinds === undefined) return []
    const types = Object.entries(kinds).map(
      ([kind, members]) => [`${capital(kind)}${capital(name)}`, kind, members] as const,
    )
    return [
      ...types.map(([type, kind, members]) => interfaceOf(type, members, kind)),
      `${about}\nexport type ${capital(name)}Input = ${types.map(([type]) => type).join(" | ")}`,
    ]
  })

/** TypeScript that an editor shows beside each parameter. */
export const parameterTypes = (rows: Rows = trainRows): string => `/**
 * The parameters of \`train\` as a pipeline file writes them, with all that the rows say of each.
 *
 * Printed from the rows by \`node test/documents/write-parameters.ts\`; tests compare its text and its types with them.
 */

${partTypes(rows).join("\n\n")}

/** All may be left out. A step is one optimizer update. */
${interfaceOf("TrainParamsInput", rows)}
`
