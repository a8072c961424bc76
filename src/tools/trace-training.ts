/** What `loom trace` does with the inputs of a train stage: the first updates of the training, every number written down. */
import { Effect, Schema } from "effect"
import { Engine } from "../engine/engine.ts"
import { locateFiles, stageFailure } from "../stages/base/engine-words.ts"
import { storedSample } from "../stages/dataset/stored-sample.ts"
import { settingsFor, TrainParams } from "../stages/training/train-params.ts"
import { BaseModelFolder } from "../stages/wires/base-files.ts"
import { Dataset } from "../stages/wires/dataset.ts"

/** The name of the stage whose training can be traced. */
export const tracedStage = "train"

const Traced = Schema.Struct({
  params: Schema.toType(TrainParams),
  inputs: Schema.Struct({ dataset: Schema.toType(Dataset), base: Schema.toType(BaseModelFolder) }),
})

/** Writes the trace of `steps` updates, for the decoded parameters and inputs of a train stage. */
export const traceTraining = Effect.fn("traceTraining")(function* (resolved: unknown, steps: number, file: string) {
  const { params, inputs } = yield* Effect.orDie(Schema.decodeUnknownEffect(Traced)(resolved))
  const { dataset, base } = inputs
  const engine = yield* Engine
  const settings = settingsFor({ ...params, steps: Math.max(params.steps, steps) })
  const job = {
    base: yield* locateFiles(base.files),
    encoding: dataset.encoding,
    settings,
    samples: yield* Effect.forEach(dataset.samples, storedSample),
    fromStep: 0,
    untilStep: steps,
    snapshotAtSteps: [],
    memory: params.memory,
  }
  return yield* engine.traceTraining(job, steps, file).pipe(Effect.mapError(stageFailure("trace")))
}, Effect.provide(Engine.layer))
