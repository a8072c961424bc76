/**
 * `train(dataset, { … })`: LoRA adapters for the UNet of the base model and its text encoder, and a custom embedding.
 *
 * Training is a trajectory: each step has a key that chains the key before with what is in force at that step, and
 * snapshots are filed under those keys. A run starts from the furthest snapshot on its own trajectory, so more steps, another
 * save interval or a killed process cost only the steps that are missing, and the result is the same, bit for bit.
 */
import { Effect } from "effect"
import { Engine } from "../engine/engine.ts"
import { computingMachine } from "../engine/jobs/computing-machine.ts"
import { stage } from "../runtime/define/stage.ts"
import type { WiredStage } from "../runtime/model/wired-stage.ts"
import { lastStep } from "../settings/train-settings.ts"
import { wordsToOurs } from "../settings/words-to-ours.ts"
import { engineCores } from "./base/engine-words.ts"
import { likeProblems } from "./base/ordinary-trigger.ts"
import { trainedFrom } from "./training/adapter.ts"
import { inForce } from "./training/step-keys.ts"
import { checkMentions } from "./training/train-checks.ts"
import {
  checkTraining,
  keyedTraining,
  settingsFor,
  TrainParams as TrainParameters,
  type TrainParamsInput,
} from "./training/train-params.ts"
import { knownSteps, reachSteps } from "./training/train-trajectory.ts"
import { BaseModelFolder } from "./wires/base-files.ts"
import { Dataset, type EncodedDataset } from "./wires/dataset.ts"
import { Trained, type TrainedAdapters } from "./wires/trained.ts"

/** What `train` may be told; everything has a default. A step is one optimizer update. */
export interface TrainParams extends Omit<TrainParamsInput, "schedule"> {
  /** What all learning rates do after warm-up. Default constant. */
  readonly schedule?: ScheduleChoice
}
/**
 * What the rates do after warm-up: `{ kind: "constant" }`, `{ kind: "cosine" }`, `{ kind: "cosine-restarts", stepsBetweenRestarts }` or
 * `{ kind: "hold", decayFromStep }`.
 */
export type ScheduleChoice = NonNullable<TrainParamsInput["schedule"]>

/** Captions that go straight into the dataset are looked at where they are made, which is where an unmentioned embedding is mended. */
const captionTells = ({ reads, upstream }: WiredStage): boolean =>
  reads["dataset"]?.name === "encode" && upstream("caption").length > 0

/**
 * LoRA adapters trained on a dataset, and a custom embedding where one is asked for. A step is one optimizer update; every parameter
 * has a default.
 *
 * The same dataset, parameters and code give the same bytes. A run that was stopped or killed goes on from its last snapshot
 * (`snapshotEverySteps`), more steps go on from where the fewer ended. Parameters that do not fit, and a training for which the
 * memory does not suffice, are told before any work.
 *
 * @returns The adapters at every saved step (`saveEverySteps`) and at the end; `checkpoint` and `compare` take them.
 *
 * @example
 * const lora = train(dataset, { networkDim: 16, unetLearningRate: 1e-4, steps: 1000 })
 */
export const train: (
  dataset: EncodedDataset | { readonly dataset: EncodedDataset },
  params?: TrainParams,
) => TrainedAdapters = stage({
  name: "train",
  code: import.meta.url,
  params: TrainParameters,
  wires: { dataset: Dataset },
  upstream: { base: BaseModelFolder },
  output: Trained,
  otherWords: wordsToOurs,
  keyed: keyedTraining,
  check: checkTraining,
  inspect: ({ params, dataset, here }) => [
    ...(captionTells(here) ? [] : checkMentions(params, dataset)),
    ...likeProblems(dataset.trigger, dataset.triggerLike),
  ],
  course: {
    of: (params) => ({ ...inForce(settingsFor(params)), unit: "steps" }),
    until: (params, steps) => (steps < lastStep(params) ? { ...params, untilStep: steps } : params),
  },
  knownWork: ({ params, inputs, ...asked }) => knownSteps({ ...inputs, settings: settingsFor(params) }, asked),
  machine: computingMachine,
  services: Engine.layer,
  cores: engineCores,
  run: Effect.fnUntraced(function* ({ params, ...inputs }) {
    const settings = settingsFor(params)
    const { code, snapshots } = yield* reachSteps({
      ...inputs,
      settings,
      snapshotEverySteps: params.snapshotEverySteps,
      memory: params.memory,
    })
    const saves = yield* Effect.forEach(snapshots, ({ step, snapshot }) =>
      Effect.map(trainedFrom(snapshot, settings), (trained) => ({ step, ...trained })),
    )
    return { saves, settings, code, machine: computingMachine }
  }),
})
