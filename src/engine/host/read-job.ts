/** The numbers that a job names by path, read where they lie: latents, conditions, LoRA and embedding files. */
import { Effect } from "effect"
import type { BadFile } from "../../formats/bad-file.ts"
import { readCondition, readLatents } from "../../formats/encoded-sample.ts"
import { type AdapterSpec, adapterSpec, trainsText } from "../../settings/adapter-spec.ts"
import { type EngineFailure, workFailure } from "../jobs/engine-failure.ts"
import type { SampleJob, StoredSampleJob, StoredValidateJob, ValidateJob } from "../jobs/host-protocol.ts"
import type { StoredSample, StoredTraining, Training, TrainSample } from "../jobs/train-job.ts"
import { openEmbedding, openLora } from "./opened-files.ts"

const again = "Delete the cache folder and run again"

const unreadable = ({ key }: StoredSample, { file, reason }: BadFile): EngineFailure =>
  workFailure(`picture ${key}`, `its encoded form cannot be read: ${file} ${reason}`, again)

/** A training that makes conditions from ids needs none of the stored ones. */
const readSample = Effect.fnUntraced(function* (sample: StoredSample, readsConditions: boolean) {
  const { latents, condition, ...facts } = sample
  const numbers = Effect.all({
    latents: readLatents(latents.path),
    condition: readsConditions ? readCondition(condition.path) : Effect.succeed(null),
  })
  const read = yield* Effect.mapError(numbers, (bad) => unreadable(sample, bad))
  return { ...facts, ...read.latents, condition: read.condition } satisfies TrainSample
})

const readSamples = (samples: readonly StoredSample[], spec: AdapterSpec) =>
  Effect.forEach(samples, (sample) => readSample(sample, !trainsText(spec)))

/** Its snapshot is read where its matrices belong, later. */
export const readTraining = Effect.fn("readTraining")(function* <T extends StoredTraining>(job: T) {
  return { ...job, samples: yield* readSamples(job.samples, adapterSpec(job.settings)) } satisfies Training
})

export const readValidateJob = Effect.fn("readValidateJob")(function* (job: StoredValidateJob) {
  return {
    ...job,
    samples: yield* readSamples(job.samples, job.trained.spec),
    adapter: job.adapter && (yield* openLora(job.adapter)),
    embedding: job.embedding && (yield* openEmbedding(job.embedding)),
  } satisfies ValidateJob
})

export const readSampleJob = Effect.fn("readSampleJob")(function* ({ lora, embedding, ...job }: StoredSampleJob) {
  return {
    ...job,
    lora: lora && { modules: yield* openLora(lora.file), strength: lora.strength },
    embedding: embedding ? { keyword: embedding.keyword, rows: yield* openEmbedding(embedding.file) } : null,
  } satisfies SampleJob
})
