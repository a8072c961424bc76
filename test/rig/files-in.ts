/** A base model's folder as the engine takes it: path inside the folder to path on disk. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"

export const filesIn = (folder: string): BaseModelFiles =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), path]),
  )
