/**
 * The keys of a training's steps: each chains the one before with what is in force at that step, starting from what all steps
 * depend on.
 *
 * Which parameter acts where stands in its row. Of rates and schedule the values at each step are all that counts, so two
 * trainings whose rates agree up to a step share it.
 */
import { Effect } from "effect"
import { computingMachine } from "../../engine/jobs/computing-machine.ts"
import { learningRatesAt, peakRates } from "../../engine/train/learning-rates.ts"
import { StageFailure } from "../../runtime/model/stage-failure.ts"
import { codeDigest } from "../../runtime/plan/code-digest.ts"
import { chainKeys } from "../../runtime/storage/trajectory.ts"
import { adapterSpec, trainsText } from "../../settings/adapter-spec.ts"
import { familyRecord } from "../../settings/family.ts"
import { numberRows } from "../../settings/train-rows.ts"
import { lastStep, type TrainSettings } from "../../settings/train-settings.ts"
import { actingAt } from "../../settings/walk-rows.ts"
import type { BaseModelFolder } from "../wires/base-files.ts"
import type { Dataset } from "../wires/dataset.ts"

/** What training reads of the base: the UNet, the noise schedule, the VAE's scaling factor, and perhaps the text encoders. */
const trainedOn = ({ files, family }: BaseModelFolder, settings: TrainSettings) => {
  const textFolders = familyRecord(family).textEncoders.flatMap((one) => [`${one.folder}/`, `${one.tokenizerFolder}/`])
  const readsText = trainsText(adapterSpec(settings)) || settings.captionDropout > 0
  const folders = ["unet/", "scheduler/", ...(readsText ? textFolders : [])]
  return Object.entries(files)
    .filter(([name]) => folders.some((folder) => name.startsWith(folder)) || name === "vae/config.json")
    .map(([name, { sha256 }]) => [name, sha256] as const)
    .sort()
}

/** A caption as training reads it: as text, as ids or as a condition, whatever something trained comes after. */
const captionRead = ({ text, tokenIds, condition }: Dataset["samples"][number], settings: TrainSettings) => {
  if (settings.customEmbedding !== null) return [text]
  return trainsText(adapterSpec(settings)) ? tokenIds : [condition.sha256, ...tokenIds]
}

/** Not every family is told of a picture's sizes. */
const sizesRead = ({ timeIds }: Dataset["samples"][number], { family }: BaseModelFolder) =>
  familyRecord(family).timeIds.length > 0 ? [timeIds] : []

/** What of the settings all steps depend on, and what is in force at each. */
export const inForce = (settings: TrainSettings) => {
  const atEach = actingAt(numberRows, settings, "step")
  return {
    start: {
      ...actingAt(numberRows, settings, "start"),
      trained: Object.keys(peakRates(settings)),
    },
    steps: Array.from({ length: lastStep(settings) }, (_, update) => ({
      ...atEach,
      learningRates: learningRatesAt(settings, update),
    })),
  }
}

interface Keyed {
  readonly dataset: Dataset
  readonly base: BaseModelFolder
  readonly settings: TrainSettings
  /** Kind of machine that trains; this one unless said. */
  readonly machine?: string
}

/** One key per step, counted from 0: the state after that update. */
export const stepKeys = Effect.fnUntraced(function* ({ dataset, base, settings, machine = computingMachine }: Keyed) {
  const { digest } = yield* codeDigest(new URL("./train-trajectory.ts", import.meta.url).href).pipe(
    Effect.mapError(codeUnreadable),
  )
  const { start, steps } = inForce(settings)
  const from = {
    code: digest,
    machine,
    ...start,
    encoding: dataset.encoding,
    base: trainedOn(base, settings),
    samples: dataset.samples.map((sample) => [
      ...[sample.key, sample.latents.sha256, ...captionRead(sample, settings)],
      ...sizesRead(sample, base),
    ]),
  }
  return { code: digest, keys: chainKeys(from, steps) }
})

const codeUnreadable = (): StageFailure =>
  new StageFailure({
    what: "the code of this stage cannot be read",
    where: "train",
    why: "its modules are not where they were",
    hint: "Run again",
    kind: "work",
  })
