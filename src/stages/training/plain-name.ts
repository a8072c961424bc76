/** Names that can be files on every system. */
import type { Problem } from "../../runtime/model/stage-failure.ts"

export const isPlainName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}._ -]*$/u.test(name)

/** What is wrong with a `name` parameter that files are called after. */
export const nameProblems = (name: string, example: string): readonly Problem[] => {
  if (isPlainName(name)) return []
  const why = `"${name}" cannot be the name of a file everywhere`
  const hint = `Use letters, digits, dots, dashes and underscores, such as "${example}"`
  return [{ field: "name", why, hint, severity: "error" }]
}
