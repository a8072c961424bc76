/** Jobs as the engine is asked for them: numbers that a test made up, put into files as the content store has them. */
import { createHash } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { StoredFile } from "../../src/engine/jobs/stored-file.ts"
import type { StoredSample, StoredTrainJob, Training, TrainSample } from "../../src/engine/jobs/train-job.ts"
import { encodeCondition, encodeLatents } from "../../src/formats/encoded-sample.ts"
import { mapCondition } from "../../src/settings/text-condition.ts"

const folder = mkdtempSync(join(tmpdir(), "loom-stored-"))

export const storedFile = (bytes: Uint8Array): StoredFile => {
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  const path = join(folder, sha256)
  writeFileSync(path, bytes)
  return { path, sha256 }
}

export const storedSample = (sample: TrainSample): StoredSample => {
  const { mean, logVariance, condition, ...facts } = sample
  const shaped = mapCondition(facts.conditionShape, (shape, part) => ({ data: condition![part]!, shape }))
  return {
    ...facts,
    latents: storedFile(encodeLatents({ mean, logVariance }, facts.latentShape)),
    condition: storedFile(encodeCondition(shaped)),
  }
}

/** A training job whose snapshot is bytes; where it writes its own is not its business. */
export interface JobInHand extends Omit<Training, "resume"> {
  readonly resume?: Uint8Array
}

export const storedJob = ({ samples, resume, ...job }: JobInHand): StoredTrainJob => ({
  ...job,
  samples: samples.map(storedSample),
  snapshotFolder: mkdtempSync(join(folder, "snapshots-")),
  ...(resume && { resume: storedFile(resume) }),
})
