/**
 * `validate({ checkpoints, heldOut })`: the loss of pictures that were not trained on, before the first step and at each checkpoint.
 *
 * Timesteps and noise are the same each time, so the numbers can be compared, between checkpoints and between trainings. A loss that
 * has turned upwards is the sign of over-training, and is told with the step it was lowest at. Each checkpoint is measured once.
 */
import { Effect } from "effect"
import { denoisingBands } from "../diffusion/denoising-bands.ts"
import { composite } from "../runtime/define/composite.ts"
import { stage } from "../runtime/define/stage.ts"
import { Items } from "../runtime/model/items.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import type { Problem } from "../runtime/model/stage-failure.ts"
import { trainedStart } from "../settings/trained-start.ts"
import { sameLora } from "./training/same-files.ts"
import { type ValidationParams, validationLoss } from "./training/validation-loss.ts"
import { BaseModelFolder } from "./wires/base-files.ts"
import { Checkpoints, type LoraCheckpoints } from "./wires/checkpoints.ts"
import { Dataset, type EncodedDataset } from "./wires/dataset.ts"
import { Trained } from "./wires/trained.ts"
import { ValidatedCheckpoint, type ValidatedCheckpoints, Validation, ValidationLoss } from "./wires/validations.ts"

const listCheckpoints = stage({
  name: "plan-validation",
  code: import.meta.url,
  wires: { trained: Trained },
  output: Items(ValidatedCheckpoint),
  run: ({ trained }) => {
    const started = trainedStart(trained.settings)
    const untrained = { step: 0, adapter: null, embedding: null }
    return [untrained, ...trained.saves].map((save) => ({
      key: `step ${save.step}`,
      value: { ...save, trained: started },
    }))
  },
})

/** Less than this is no turn but the wobble of a rate that does not fall. */
const turnedBy = 0.02

const lowestOf = (losses: readonly ValidationLoss[]): ValidationLoss =>
  losses.reduce((lowest, one) => (one.loss < lowest.loss ? one : lowest))

const rounded = (loss: number): string => loss.toPrecision(3)

/** What the losses say about the training. */
export const overTraining = (losses: readonly ValidationLoss[]): readonly Problem[] => {
  const last = losses.at(-1)
  if (last === undefined || last.step === 0) return []
  const lowest = lowestOf(losses)
  if (last.loss <= lowest.loss * (1 + turnedBy)) return []
  const [field, severity] = ["validation loss", "warning" as const]
  if (lowest.step === 0) {
    const why = `it rose from ${rounded(lowest.loss)} to ${rounded(last.loss)}: the training made held-out pictures worse`
    return [{ field, why, hint: "Try a lower learning rate, or captions that say more", severity }]
  }
  const why = `it was lowest after ${lowest.step} steps (${rounded(lowest.loss)}) and has risen to ${rounded(last.loss)} since: over-training`
  return [{ field, why, hint: `Use the checkpoint of step ${lowest.step}, or train fewer steps`, severity }]
}

/** Names that need no quoting in a spreadsheet: "0-25 %". */
const columnOf = (band: string): string => band.replace("–", "-")

const tableOf = (losses: readonly ValidationLoss[]): string => {
  const pictures = losses[0]?.pictures.map(({ key }) => `"${key.replaceAll('"', '""')}"`) ?? []
  const header = ["step", "loss", ...denoisingBands.map(columnOf), ...pictures]
  const rows = losses.map((one) => [one.step, one.loss, ...one.bands, ...one.pictures.map(({ loss }) => loss)])
  return `${[header, ...rows].map((row) => row.join(",")).join("\n")}\n`
}

const validateStage = stage({
  name: "validate",
  code: import.meta.url,
  wires: { losses: Items(ValidationLoss), checkpoints: Checkpoints },
  output: Validation,
  wired: sameLora("Keep one of them, or save the training again under another name"),
  inspect: ({ losses }) => overTraining(losses.map(({ value }) => value)),
  artifacts: ({ output: { name, table } }) => [
    { path: `${name}-validation.csv`, blob: table, label: "validation losses" },
  ],
  run: Effect.fnUntraced(function* (inputs) {
    const { blobs, record, log } = yield* StageContext
    const losses = inputs.losses.map(({ value }) => value)
    for (const { step, loss, bands } of losses) {
      const byBand = Object.fromEntries(denoisingBands.map((band, place) => [`loss ${band}`, bands[place]!]))
      yield* record("validation", { step, loss, ...byBand })
    }
    const [first, last] = [losses[0]!, losses.at(-1)!]
    const change = 100 * (last.loss / first.loss - 1)
    yield* log(
      `validation loss ${rounded(first.loss)} before the first step, ${rounded(last.loss)} after ${last.step} (${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(1)} %)`,
    )
    const table = yield* blobs.put(new TextEncoder().encode(tableOf(losses)))
    return { name: inputs.checkpoints.name, losses, table }
  }),
})

/** What `validate` is given. */
export interface ValidateWires {
  /** From `checkpoint`. */
  readonly checkpoints: LoraCheckpoints
  /** Pictures that were not trained on: from `holdOut`, or encoded from a folder of their own. */
  readonly heldOut: EncodedDataset
}

/** What `validate` may be told. */
export interface ValidateParams extends Partial<ValidationParams> {
  /** Timesteps at which each picture is measured, spread evenly; a multiple of four, at most 1000. Default 8. */
  readonly timesteps?: number
}

/**
 * Validation losses of a training: of the base as the training starts from it, and of each checkpoint.
 *
 * `heldOut`: pictures that were not trained on, from `holdOut` or encoded from a folder of their own. `timesteps`: at which each is
 * measured, default 8, a multiple of four. `seed`: of the noise, default 0. Losses that have turned upwards are told as a warning.
 *
 * @returns Mean squared errors by checkpoint, quarter of denoising and picture, and as a table `name-validation.csv` in the output
 * folder.
 *
 * @example
 * const losses = validate({ checkpoints, heldOut })
 */
export const validate: (wires: ValidateWires, params?: ValidateParams) => ValidatedCheckpoints = composite({
  name: "validate",
  wires: { checkpoints: Checkpoints, heldOut: Dataset },
  upstream: { trained: Trained, base: BaseModelFolder },
  output: Validation,
  build: ({ checkpoints, heldOut, trained, base }, params: ValidateParams) => {
    const losses = validationLoss({ checkpoints: listCheckpoints(trained), heldOut, base }, params)
    return validateStage({ losses, checkpoints })
  },
})
