/** Names that can be files on every system, and that prompts and tables can say. */
import { notAFileName, quotedName } from "../../runtime/model/file-name.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"

export const isPlainName = (name: string): boolean =>
  /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._ -]*$/u.test(name) && notAFileName(name) === undefined

/** What is wrong with a parameter that files are called after. */
export const nameProblems = (name: string, example: string, field = "name"): readonly Problem[] => {
  if (isPlainName(name)) return []
  const because = notAFileName(name)
  const why = `${quotedName(name)} cannot be the name of a file everywhere${because === undefined ? "" : `: ${because}`}`
  const hint = `Use letters, digits, dots, dashes and underscores, such as "${example}"`
  return [{ field, why, hint, severity: "error" }]
}
