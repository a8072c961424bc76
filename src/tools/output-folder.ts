/** Whether finished files can be written where they belong: found out before the work, not after an hour of it. */
import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { Effect } from "effect"
import type { StageProblem } from "../runtime/define/pipeline-graph.ts"

type Standing = "writable" | "read-only" | "no folder" | "missing"

const standingOf = async (path: string): Promise<Standing> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code)
  if (typeof found === "string" || found === undefined) return found === "ENOTDIR" ? "no folder" : "missing"
  if (!found.isDirectory()) return "no folder"
  const mayWrite = await access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  return mayWrite ? "writable" : "read-only"
}

const problem = (field: string, why: string): StageProblem => ({
  label: "output",
  field,
  why,
  hint: "Choose another folder for the output",
  severity: "error",
})

/** Looks at the folder, or at the nearest one above it that is there. Makes nothing. */
export const outputProblems = (folder: string): Effect.Effect<readonly StageProblem[]> =>
  Effect.promise(async () => {
    for (let path = folder; ; path = dirname(path)) {
      const standing = await standingOf(path)
      if (standing === "writable" || (standing === "missing" && dirname(path) === path)) return []
      if (standing === "read-only")
        return [problem(path, "finished files cannot be written there, the folder is read-only")]
      if (standing === "no folder" && (await stat(path).catch(() => undefined)) !== undefined) {
        return [problem(path, "finished files cannot be written there, it is a file")]
      }
    }
  })
