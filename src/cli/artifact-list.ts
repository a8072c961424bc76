/** Names the finished files of a run: one line each, then one line for several of a kind in one folder. */
import { dirname } from "node:path"
import type { PlacedArtifact } from "../runtime/run/run-outcome.ts"
import { fromHere, type Style } from "./reporters/words.ts"

export const artifactList = (artifacts: readonly PlacedArtifact[], paint: Style): string => {
  const kinds = [...Map.groupBy(artifacts, ({ label, file }) => `${label} ${dirname(file)}`).values()]
  const single = kinds.flatMap((files) => (files.length === 1 ? files : []))
  const rows = [
    ...single.map(({ label, file }) => [label, fromHere(file)] as const),
    ...kinds
      .filter((files) => files.length > 1)
      .map((files) => [`${files[0]!.label} (${files.length})`, `${fromHere(dirname(files[0]!.file))}/`] as const),
  ]
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  return rows.map(([label, file]) => `${label.padEnd(width)}  ${paint.bold(file)}\n`).join("")
}
