/** Reads a sample's numbers from the blob store, in the form the engine trains on. */
import { Effect } from "effect"
import type { TrainSample } from "../engine/train-job.ts"
import { readSafetensorsHeader, readTensorAsFloat32 } from "../formats/safetensors.ts"
import type { Blob } from "../runtime/blob.ts"
import { StageContext } from "../runtime/stage-context.ts"
import { StageFailure } from "../runtime/stage-failure.ts"
import type { DatasetSample } from "./dataset.ts"

const tensorsOf = Effect.fnUntraced(function* <const Names extends readonly string[]>(blob: Blob, names: Names) {
  const { blobs } = yield* StageContext
  const path = yield* blobs.path(blob)
  const read = Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(path)
    return yield* Effect.forEach(names, (name) => readTensorAsFloat32(header, name))
  })
  return yield* read.pipe(
    Effect.mapError(
      ({ file, reason, hint }) =>
        new StageFailure({
          what: "an encoded sample cannot be read",
          where: file,
          why: `the file ${reason}`,
          hint,
          kind: "work",
        }),
    ),
  )
})

/** The numbers of one sample, read from the blob store. */
export const loadSample = Effect.fnUntraced(function* (sample: DatasetSample) {
  const [mean, logVariance] = yield* tensorsOf(sample.latents, ["mean", "log_variance"])
  const [states] = yield* tensorsOf(sample.states, ["states"])
  return {
    key: sample.key,
    caption: sample.text,
    mean: mean!,
    logVariance: logVariance!,
    latentShape: sample.latentShape,
    tokenIds: sample.tokenIds,
    states: states!,
    statesShape: sample.statesShape,
  } satisfies TrainSample
})
