/** Names the finished files of a run: one line each, and one line for several of a kind in one folder. */
import { dirname } from "node:path"
import type { PlacedArtifact } from "../runtime/run-outcome.ts"
import { fromHere, type Style } from "./words.ts"

export const artifactList = (artifacts: readonly PlacedArtifact[], paint: Style): string => {
  const kinds = Map.groupBy(artifacts, ({ label, file }) => `${label} ${dirname(file)}`)
  const rows = [...kinds.values()].flatMap((files) => {
    const [first, second] = files
    if (first === undefined) return []
    if (second === undefined) return [[first.label, fromHere(first.file)] as const]
    return [[`${first.label} (${files.length})`, `${fromHere(dirname(first.file))}/`] as const]
  })
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  return rows.map(([label, file]) => `${label.padEnd(width)}  ${paint.bold(file)}\n`).join("")
}
