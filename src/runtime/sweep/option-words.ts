/** An option of a choice in few words: "16", "cosine", "{ learningRate: … }". */
import { isAxis } from "./axis.ts"

/** `how` "short": a record is called by its kind, where it has one. */
export const optionWords = (option: unknown, how: "short" | "all" = "short"): string => {
  if (isAxis(option)) return "…"
  if (Array.isArray(option)) return `[${option.map((one) => optionWords(one, how)).join(", ")}]`
  if (typeof option !== "object" || option === null) return String(option)
  const { kind } = option as { readonly kind?: unknown }
  if (how === "short" && typeof kind === "string") return kind
  const members = Object.entries(option).map(([name, member]) => `${name}: ${optionWords(member, how)}`)
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`
}
