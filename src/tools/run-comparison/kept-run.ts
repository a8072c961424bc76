/**
 * A run as its record keeps it, with everything that runs are compared by.
 *
 * The pre-images of its stages come from the cache: of a stage that made nothing, or whose result is gone, there is none.
 */
import { Effect } from "effect"
import type { Json } from "../../runtime/model/canonical-json.ts"
import type { Key, PreImage } from "../../runtime/model/fingerprint.ts"
import { type ArtifactRecord, type Run, type StageRecord, Store } from "../../runtime/storage/store.ts"
import { flatParameters } from "./flat-parameters.ts"
import { keptResults } from "./kept-results.ts"

export interface KeptRun {
  readonly run: Run
  readonly parameters: ReadonlyMap<string, Json>
  readonly stages: readonly StageRecord[]
  /** By "stage.name". */
  readonly results: ReadonlyMap<string, number>
  /** By their path in the output folder. */
  readonly files: ReadonlyMap<string, ArtifactRecord>
  readonly preImages: PreImages
}

/** What is kept of keys' making. */
export type PreImages = ReadonlyMap<Key, PreImage>

const preImagesOf = Effect.fnUntraced(function* (stages: readonly StageRecord[]) {
  const { attempt, tables } = yield* Store
  const keys = stages.flatMap(({ key }) => (key === null ? [] : [key]))
  // Asked of the table, since what a key was made of is known also where the bytes of its result are gone.
  const rows = yield* attempt("Looking up results", () => tables.results.find(keys))
  return new Map(rows.map(({ key, preImage }) => [key, JSON.parse(preImage) as PreImage]))
})

export const keptRun = Effect.fn("keptRun")(function* (run: Run) {
  const store = yield* Store
  const stages = yield* store.runStages(run.id)
  const preImages: PreImages = yield* preImagesOf(stages)
  const artifacts = yield* store.runArtifacts(run.id)
  const kept: KeptRun = {
    run,
    parameters: flatParameters(run.parameters),
    stages,
    results: yield* keptResults(run, stages, preImages),
    files: new Map(artifacts.map((artifact) => [artifact.path, artifact])),
    preImages,
  }
  return kept
})
