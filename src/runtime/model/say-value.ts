/** A value that stands where something else belongs, as a noun: "the number 3", "a list", "a Promise". */
import { Predicate } from "effect"

const longestShown = 40

export const sayValue = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (Predicate.isString(value)) return value.length > longestShown ? "a text" : `the text "${value}"`
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`
  if (typeof value !== "object") return `the ${typeof value} ${String(value)}`
  if (Array.isArray(value)) return "a list"
  const kind = value.constructor?.name ?? "Object"
  if (kind !== "Object") return `a ${kind}`
  const names = Object.keys(value)
  return names.length === 0 ? "an empty record" : `a record of ${names.join(", ")}`
}
