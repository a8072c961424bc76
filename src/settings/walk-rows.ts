/**
 * What is made of rows and values: everything that is wrong, the values the engine takes, and the part of them that acts somewhere.
 *
 * Each goes through all rows, so a parameter that has a row is in each of them.
 */
import type { Beside, InForce, Row, Rows, Rule } from "./row.ts"

/** Anything that can be written as JSON. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [member: string]: Value }

/** One thing that is wrong, or looks wrong, with a field such as "schedule.floor". */
export interface Finding {
  readonly field: string
  readonly why: string
  readonly hint: string
  readonly severity: "error" | "warning"
}

const written = (value: unknown): string => (typeof value === "number" ? String(value) : JSON.stringify(value))

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The rows of a value's members; none where it has no members of its own. */
export const partsOf = ({ parts, kinds }: Row, value: unknown): Rows =>
  isObject(value) ? (parts ?? kinds?.[String(value["kind"])] ?? {}) : {}

const broken = (field: string, rules: readonly Rule<unknown>[], value: unknown, beside: Beside): readonly Finding[] =>
  rules
    .filter((rule) => !rule.holds(value, beside))
    .map((rule) => ({
      field,
      why: rule.says?.(value, beside) ?? `${written(value)} ${rule.why}`,
      hint: rule.advice?.(value, beside) ?? rule.hint,
      severity: rule.severity ?? "error",
    }))

/** Everything that is wrong with the values of these rows, row by row. */
export const findings = (
  rows: Rows,
  values: Readonly<Record<string, unknown>>,
  beside: Beside,
  prefix = "",
): readonly Finding[] =>
  Object.entries(rows).flatMap(([name, row]) => {
    const [field, value] = [`${prefix}${name}`, values[name]]
    const outside = broken(field, row.rules ?? [], value, beside)
    if (outside.length > 0) return outside
    const together = broken(field, row.together ?? [], value, beside)
    return [...together, ...(isObject(value) ? findings(partsOf(row, value), value, beside, `${field}.`) : [])]
  })

type Values = Readonly<Record<string, unknown>>
type Change = (row: Row, value: unknown) => unknown

/** The values of these rows and of their parts, each changed, and no others. */
const changed = (rows: Rows, values: Values, change: Change): Values =>
  Object.fromEntries(
    Object.entries(rows).map(([name, row]) => {
      const value = change(row, values[name])
      return [name, isObject(value) ? { ...value, ...changed(partsOf(row, value), value, change) } : value]
    }),
  )

const inOneForm =
  (beside: Beside): Change =>
  (row, value) =>
    row.canonical === undefined ? value : row.canonical(value, beside)

/** Values as written, by row. */
type WrittenBy<R extends Rows> = { readonly [K in keyof R]: R[K]["field"]["Type"] }
/** Values as the engine takes them, by row. */
type ResolvedBy<R extends Rows> = { readonly [K in keyof R]: R[K]["setting"]["Type"] }

/** The values of these rows, of all the ways to write one thing the same one. */
export const canonical = <R extends Rows>(rows: R, values: WrittenBy<R>, beside: Beside): WrittenBy<R> =>
  // Each row's own types say that its `canonical` gives what it is given.
  changed(rows, values, inOneForm(beside)) as WrittenBy<R>

/** The values of these rows as the engine takes them. */
export const resolved = <R extends Rows>(rows: R, values: WrittenBy<R>, beside: Beside): ResolvedBy<R> =>
  // Each row's own types say that its `resolve` gives what its `setting` takes.
  changed(rows, values, (row, value) => {
    const one = inOneForm(beside)(row, value)
    return row.resolve === undefined ? one : row.resolve(one, beside)
  }) as ResolvedBy<R>

/** What of the values acts there, and nothing else. */
export const actingAt = (
  rows: Rows,
  values: { readonly [member: string]: Value },
  where: InForce,
): { readonly [member: string]: Value } =>
  Object.fromEntries(
    Object.entries(rows).flatMap(([name, row]): readonly (readonly [string, Value])[] => {
      const value = values[name]
      if (value === undefined) return []
      if (row.inForce === where) return [[name, value]]
      if (row.inForce !== "parts") return []
      return [[name, isMembers(value) ? actingAt(partsOf(row, value), value, where) : value]]
    }),
  )

const isMembers = (value: Value): value is { readonly [member: string]: Value } => isObject(value)

/** Recorded values, with what was done by the Loom that wrote them where it did not know a row yet. */
export const withUnrecorded = (
  rows: Rows,
  recorded: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({
  ...recorded,
  ...Object.fromEntries(
    Object.entries(rows).flatMap(([name, row]) => {
      const { [name]: value = row.unrecorded } = recorded
      if (isObject(value)) return [[name, withUnrecorded(partsOf(row, value), value)]]
      return value === undefined ? [] : [[name, value]]
    }),
  ),
})
