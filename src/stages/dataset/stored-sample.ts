/** A sample of the dataset as the engine is given it: what is known of it, and where its numbers lie in the blob store. */
import { Effect } from "effect"
import type { StoredSample } from "../../engine/jobs/train-job.ts"
import { storedFile } from "../base/engine-words.ts"
import type { DatasetSample } from "../wires/dataset.ts"

export const storedSample = Effect.fnUntraced(function* (sample: DatasetSample) {
  const { key, text, latentShape, tokenIds, conditionShape, timeIds } = sample
  return {
    ...{ key, caption: text, latentShape, tokenIds, conditionShape, timeIds },
    latents: yield* storedFile(sample.latents),
    condition: yield* storedFile(sample.condition),
  } satisfies StoredSample
})
