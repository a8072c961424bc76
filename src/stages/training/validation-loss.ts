/** Measures one checkpoint: the loss of held-out pictures at fixed timesteps with fixed noise. */
import { Effect, Schema } from "effect"
import { evenTimesteps, lossByBand } from "../../diffusion/denoising-bands.ts"
import { Engine } from "../../engine/engine.ts"
import { itemStage } from "../../runtime/define/item-stage.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { TrainSettings } from "../../settings/train-settings.ts"
import { engineCores, locateFiles, stageFailure } from "../base/engine-words.ts"
import { loadSample } from "../dataset/load-sample.ts"
import { BaseModelFolder } from "../wires/base-files.ts"
import { Dataset } from "../wires/dataset.ts"
import { ValidatedCheckpoint, ValidationLoss } from "../wires/validations.ts"

export const ValidationParams = Schema.Struct({
  /** Timesteps at which each picture is measured, spread evenly; a multiple of four. Default 8. */
  timesteps: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(8))),
  /** Of the noise. Default 0. */
  seed: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(0))),
})
export type ValidationParams = typeof ValidationParams.Type

/** More would measure neighbours that say the same. */
const mostTimesteps = 1000

const checkValidation = ({ timesteps, seed }: ValidationParams): readonly Problem[] => {
  const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })
  const isCount = timesteps >= 4 && timesteps <= mostTimesteps && timesteps % 4 === 0
  const range = `${timesteps} must be a multiple of 4 from 4 to ${mostTimesteps}, so that each quarter of denoising has as many`
  return [
    ...(isCount ? [] : [error("timesteps", range, "8 is usual")]),
    ...(seed < 0
      ? [error("seed", `${seed} must not be negative`, "Use the same seed for all that is compared, such as 0")]
      : []),
  ]
}

/** The settings that decide what there is; a rate only says that something is trained. */
const settingsOf = (checkpoint: ValidatedCheckpoint, clipSkip: number): TrainSettings => {
  const { networkDim, networkScale, seed, predictionType, customEmbedding } = checkpoint
  const learningRate = 1
  return TrainSettings.make({
    ...{ networkDim, networkScale, seed, predictionType, clipSkip, steps: 1 },
    unetLearningRate: checkpoint.hasUnetAdapters ? learningRate : 0,
    textModel: checkpoint.hasTextAdapters ? { learningRate } : null,
    customEmbedding: customEmbedding && { ...customEmbedding, learningRate },
  })
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const validationLoss = itemStage({
  name: "validation-loss",
  noun: "checkpoint",
  code: import.meta.url,
  params: ValidationParams,
  item: ValidatedCheckpoint,
  shared: { heldOut: Dataset, base: BaseModelFolder },
  output: ValidationLoss,
  services: Engine.layer,
  cores: engineCores,
  check: checkValidation,
  run: Effect.fnUntraced(function* ({ params, key, item, heldOut, base }) {
    const { blobs } = yield* StageContext
    const engine = yield* Engine
    const timesteps = evenTimesteps(params.timesteps, base.trainTimesteps)
    const { losses } = yield* engine
      .validate({
        base: yield* locateFiles(base.files),
        settings: settingsOf(item, heldOut.clipSkip),
        samples: yield* Effect.forEach(heldOut.samples, loadSample),
        adapter: item.adapter && (yield* blobs.bytes(item.adapter)),
        embedding: item.embedding && (yield* blobs.bytes(item.embedding)),
        timesteps,
        seed: params.seed,
      })
      .pipe(Effect.mapError(stageFailure(key)))
    const measured = losses.flatMap((ofPicture) => ofPicture.map((loss, at) => ({ timestep: timesteps[at]!, loss })))
    return {
      step: item.step,
      loss: meanOf(measured.map(({ loss }) => loss)),
      bands: lossByBand(measured, base.trainTimesteps).map((loss) => loss!),
      pictures: heldOut.samples.map((sample, index) => ({ key: sample.key, loss: meanOf(losses[index]!) })),
    }
  }),
})
