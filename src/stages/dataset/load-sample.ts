/** Reads a sample's numbers from the blob store, in the form the engine trains on. */
import { Effect } from "effect"
import type { TrainSample } from "../../engine/jobs/train-job.ts"
import { readSafetensorsHeader, readTensorAsFloat32 } from "../../formats/safetensors.ts"
import type { Blob } from "../../runtime/model/blob.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"
import type { DatasetSample } from "../wires/dataset.ts"

/** The tensors of these names; null for one that is not there. */
const tensorsOf = Effect.fnUntraced(function* (blob: Blob, names: readonly string[]) {
  const { blobs } = yield* StageContext
  const path = yield* blobs.path(blob)
  const read = Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(path)
    return yield* Effect.forEach(names, (name) =>
      header.tensors.has(name) ? readTensorAsFloat32(header, name) : Effect.succeed(null),
    )
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
  const [states, pooled] = yield* tensorsOf(sample.states, ["states", "pooled"])
  return {
    key: sample.key,
    caption: sample.text,
    mean: mean!,
    logVariance: logVariance!,
    latentShape: sample.latentShape,
    tokenIds: sample.tokenIds,
    states: states!,
    statesShape: sample.statesShape,
    pooled: pooled ?? null,
    timeIds: sample.timeIds,
  } satisfies TrainSample
})
