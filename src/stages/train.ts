/**
 * `train(dataset, { … })`: LoRA adapters for the UNet of the base model and its text encoder, and a custom embedding.
 *
 * Training is a trajectory: each step has a key that chains the key before with what is in force at that step, and
 * snapshots are filed under those keys. A run starts from the furthest snapshot on its own trajectory, so more steps, another
 * save interval or a killed process cost only the steps that are missing, and the result is the same, bit for bit.
 */
import { Effect, Option } from "effect"
import { Engine } from "../engine/engine.ts"
import { stage } from "../runtime/define/stage.ts"
import { engineCores } from "./base/engine-words.ts"
import { likeProblems } from "./base/ordinary-trigger.ts"
import { trainedFrom } from "./training/adapter.ts"
import { checkMentions } from "./training/train-checks.ts"
import { checkTraining, settingsFor, TrainParams, type TrainParamsInput } from "./training/train-params.ts"
import { knownSteps, reachSteps } from "./training/train-trajectory.ts"
import { BaseModelFolder, type WantedSize, type WantedTraining } from "./wires/base-files.ts"
import { Dataset, type EncodedDataset } from "./wires/dataset.ts"
import { Trained, type TrainedAdapters } from "./wires/trained.ts"

const trainStage = stage({
  name: "train",
  code: import.meta.url,
  params: TrainParams,
  inputs: { dataset: Dataset, base: BaseModelFolder },
  output: Trained,
  keyed: ({ snapshotEverySteps: _, memory: _1, ...settings }) => settings,
  check: checkTraining,
  inspect: ({ params, inputs: { dataset } }) => [
    ...checkMentions(params, dataset),
    ...likeProblems(dataset.trigger, dataset.triggerLike),
  ],
  knownWork: ({ params, inputs, ...asked }) =>
    knownSteps({ ...inputs, settings: settingsFor(params, inputs.dataset.clipSkip) }, asked),
  services: Engine.layer,
  cores: engineCores,
  run: Effect.fnUntraced(function* ({ params, inputs }) {
    const settings = settingsFor(params, inputs.dataset.clipSkip)
    const { code, snapshots } = yield* reachSteps({
      ...inputs,
      settings,
      snapshotEverySteps: params.snapshotEverySteps,
      memory: params.memory,
    })
    const saves = yield* Effect.forEach(snapshots, ({ step, snapshot }) =>
      Effect.map(trainedFrom(snapshot, settings), (trained) => ({ step, ...trained })),
    )
    return { saves, settings, code }
  }),
})

/** What the memory has to hold; null where the size is not known, or the parameters are not right, which is told by itself. */
const wantedTraining = (size: WantedSize | null, given: TrainParamsInput): WantedTraining | null => {
  const params = Option.getOrUndefined(TrainParams.makeOption(given))
  const isRight = params !== undefined && checkTraining(params).every(({ severity }) => severity !== "error")
  if (size === null || !isRight) return null
  const { memory, gradientAccumulationSteps, networkDim, unetLearningRate, textModel, customEmbedding } = params
  return {
    size,
    memory,
    networkDim,
    gradientAccumulationSteps,
    unet: networkDim > 0 && unetLearningRate > 0,
    text: textModel !== null,
    embedding: customEmbedding !== null,
  }
}

/**
 * LoRA adapters trained on a dataset. A step is one optimizer update; every parameter has a default.
 *
 * The parameters with their units and defaults: `train-params.ts`.
 */
export const train = (dataset: EncodedDataset, params: TrainParamsInput = {}): TrainedAdapters => {
  const keyword: unknown = params.customEmbedding?.keyword
  if (typeof keyword === "string") dataset.expectMention(keyword)
  const wanted = wantedTraining(dataset.size, params)
  if (wanted !== null) dataset.base.expectTraining(wanted)
  return { ...trainStage({ dataset, base: dataset.base }, params), dataset, base: dataset.base }
}
