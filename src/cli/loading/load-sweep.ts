/** The sweep of a file. */
import { dirname, resolve } from "node:path"
import { Effect } from "effect"
import { isSweep, type Sweep } from "../../runtime/sweep/sweep.ts"
import type { CliFailure } from "../ending/cli-failure.ts"
import { importDefinition, invalid } from "./import-definition.ts"

export interface LoadedSweep {
  readonly sweep: Sweep
  /** Folder of the file. */
  readonly root: string
  /** The file, absolute. */
  readonly file: string
}

export const loadSweep = Effect.fnUntraced(function* (typed: string): Effect.fn.Return<LoadedSweep, CliFailure> {
  const file = resolve(typed)
  const sweep = yield* importDefinition(typed)
  if (isSweep(sweep)) return { sweep, root: dirname(file), file }
  const hint = "Run it with loom run, or write export default sweep(pipeline, { space, objective })"
  return yield* invalid(file, "its default export is a pipeline, and no sweep", hint)
})
