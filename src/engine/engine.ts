/**
 * The engine: encoding, training, tracing and painting, done in host processes.
 *
 * The service is what the rest of the program knows of this room. It starts no process before the first job, reuses the
 * processes it has, and ends them all with its scope. Nothing here loads onnxruntime.
 */
import { Context, Effect, Layer } from "effect"
import { makeWorkerPool } from "./host/worker-pool.ts"
import type { EngineFailure } from "./jobs/engine-failure.ts"
import type {
  EncodedImage,
  EncodedText,
  EncodeImageJob,
  EncodeTextJob,
  NearestWord,
  NearestWordJob,
  SampledImage,
  StoredSampleJob,
  StoredValidateJob,
  ValidationLosses,
} from "./jobs/host-protocol.ts"
import type { StoredTraining, StoredTrainJob, TrainHooks, TrainResult } from "./jobs/train-job.ts"

const withParent = (job: StoredTrainJob): StoredTrainJob => ({ ...job, parentBytes: process.memoryUsage.rss() })

export class Engine extends Context.Service<
  Engine,
  {
    /** Mean and log-variance of a picture's latents. */
    readonly encodeImage: (job: EncodeImageJob) => Effect.Effect<EncodedImage, EngineFailure>
    /** Token ids and text states of a caption. */
    readonly encodeText: (job: EncodeTextJob) => Effect.Effect<EncodedText, EngineFailure>
    /** Trains, tells each step and snapshot to the hooks, and stops between two steps when they say so. */
    readonly train: (job: StoredTrainJob, hooks: TrainHooks) => Effect.Effect<TrainResult, EngineFailure>
    /** One picture of the base model, with or without a LoRA. */
    readonly sample: (job: StoredSampleJob) => Effect.Effect<SampledImage, EngineFailure>
    /** The ordinary word whose text state a phrase comes closest to; null where the vocabulary has too few words. */
    readonly nearestWord: (job: NearestWordJob) => Effect.Effect<NearestWord | null, EngineFailure>
    /** Losses of pictures that were not trained on, at fixed timesteps with fixed noise. */
    readonly validate: (job: StoredValidateJob) => Effect.Effect<ValidationLosses, EngineFailure>
    /** Writes the trace of `steps` updates, a safetensors file. */
    readonly traceTraining: (job: StoredTraining, steps: number, file: string) => Effect.Effect<void, EngineFailure>
  }
>()("loom/engine/Engine") {
  static readonly layer: Layer.Layer<Engine> = Layer.effect(
    Engine,
    Effect.gen(function* () {
      const hosts = yield* makeWorkerPool
      return Engine.of({
        encodeImage: (job) => hosts.run("encode-image", job),
        encodeText: (job) => hosts.run("encode-text", job),
        sample: (job) => hosts.run("sample", job),
        nearestWord: (job) => hosts.run("nearest-word", job),
        validate: (job) => hosts.run("validate", job),
        traceTraining: (job, steps, file) => Effect.asVoid(hosts.run("trace", { job, steps, file })),
        train: (job, hooks) =>
          hosts.run("train", withParent(job), {
            shouldStop: hooks.shouldStop,
            onProgress: (progress) => {
              switch (progress.kind) {
                case "start":
                  return hooks.onStart?.(progress.facts) ?? Effect.void
                case "step":
                  return hooks.onStep(progress.record)
                case "snapshot":
                  return hooks.onSnapshot(progress.snapshot)
              }
            },
          }),
      })
    }),
  )
}
