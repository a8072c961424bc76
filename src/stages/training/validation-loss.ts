/** Measures one checkpoint: the loss of held-out pictures at fixed timesteps with fixed noise. */
import { Effect, Schema } from "effect"
import { evenTimesteps, lossByBand } from "../../diffusion/denoising-bands.ts"
import { Engine } from "../../engine/engine.ts"
import { computingMachine } from "../../engine/jobs/computing-machine.ts"
import { itemStage } from "../../runtime/define/item-stage.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { withDefault } from "../../settings/field-defaults.ts"
import { engineCores, locateFiles, stageFailure, storedFile } from "../base/engine-words.ts"
import { storedSample } from "../dataset/stored-sample.ts"
import { BaseModelFolder } from "../wires/base-files.ts"
import { Dataset } from "../wires/dataset.ts"
import { ValidatedCheckpoint, ValidationLoss } from "../wires/validations.ts"

export const ValidationParams = Schema.Struct({
  /** Timesteps at which each picture is measured, spread evenly; a multiple of four. Default 8. */
  timesteps: withDefault(Schema.Int, 8),
  /** Of the noise. Default 0. */
  seed: withDefault(Schema.Int, 0),
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

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const validationLoss = itemStage({
  name: "validation-loss",
  noun: "checkpoint",
  code: import.meta.url,
  params: ValidationParams,
  item: ValidatedCheckpoint,
  shared: { heldOut: Dataset, base: BaseModelFolder },
  output: ValidationLoss,
  machine: computingMachine,
  services: Engine.layer,
  cores: engineCores,
  check: checkValidation,
  run: Effect.fnUntraced(function* ({ params, key, item, heldOut, base }) {
    const engine = yield* Engine
    const timesteps = evenTimesteps(params.timesteps, base.trainTimesteps)
    const { losses } = yield* engine
      .validate({
        base: yield* locateFiles(base.files),
        encoding: heldOut.encoding,
        trained: item.trained,
        samples: yield* Effect.forEach(heldOut.samples, storedSample),
        adapter: item.adapter && (yield* storedFile(item.adapter)),
        embedding: item.embedding && (yield* storedFile(item.embedding)),
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
