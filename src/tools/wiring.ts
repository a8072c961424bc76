/**
 * The trainings of a wired pipeline, as far as the wiring alone tells: settings, CLIP skip, size, names. Nothing is read or run.
 */
import { Schema } from "effect"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { wiredStages } from "../runtime/define/wired-stages.ts"
import type { WiredStage } from "../runtime/model/wired-stage.ts"
import { PictureSize, sidesOf } from "../stages/base/picture-size.ts"

/** What of `train`'s parameters other trainers have a word for. */
const TrainingSettings = Schema.Struct({
  networkDim: Schema.Finite,
  networkScale: Schema.Finite,
  unetLearningRate: Schema.Finite,
  steps: Schema.Finite,
  saveEverySteps: Schema.Finite,
  warmupSteps: Schema.Finite,
  gradientAccumulationSteps: Schema.Finite,
  seed: Schema.Finite,
  noiseOffset: Schema.Finite,
  denoising: Schema.Struct({ start: Schema.Finite, end: Schema.Finite }),
  minSnrGamma: Schema.NullOr(Schema.Finite),
  maxGradNorm: Schema.NullOr(Schema.Finite),
  weightDecay: Schema.Finite,
  betas: Schema.Tuple([Schema.Finite, Schema.Finite]),
  eps: Schema.Finite,
  predictionType: Schema.NullOr(Schema.String),
  captionDropout: Schema.optionalKey(Schema.Finite),
  schedule: Schema.optionalKey(
    Schema.Struct({
      kind: Schema.Literals(["constant", "cosine", "cosine-restarts"]),
      floor: Schema.optionalKey(Schema.Finite),
      stepsBetweenRestarts: Schema.optionalKey(Schema.Finite),
    }),
  ),
  textModel: Schema.NullOr(Schema.Struct({ learningRate: Schema.Finite })),
  customEmbedding: Schema.NullOr(
    Schema.Struct({
      keyword: Schema.String,
      length: Schema.Finite,
      learningRate: Schema.Finite,
      stopAtStep: Schema.NullOr(Schema.Finite),
      initWord: Schema.NullOr(Schema.String),
    }),
  ),
})
export type TrainingSettings = typeof TrainingSettings.Type

export interface TrainingAtHand {
  /** Label of the train stage. */
  readonly stage: string
  /** Label of the stage that makes its dataset. */
  readonly dataset: string | undefined
  readonly settings: TrainingSettings
  /** null: the base model's own. */
  readonly clipSkip: number | null
  /** Folder of the base model, as the pipeline says it. */
  readonly base: string | undefined
  /** Pixels; undefined when a stage of the user's own decides it. */
  readonly size: { readonly width: number; readonly height: number } | undefined
  /** Of the LoRA; undefined when it is not saved. */
  readonly name: string | undefined
}

const Cropped = Schema.Struct({ size: PictureSize })
const Encoded = Schema.Struct({ clipSkip: Schema.NullOr(Schema.Finite) })
const Based = Schema.Struct({ folder: Schema.String })
const Named = Schema.Struct({ name: Schema.String })

const trainingAt = (here: WiredStage, stage: string): readonly TrainingAtHand[] => {
  const settings = here.paramsAs(TrainingSettings)
  if (settings === undefined) return []
  const size = here.upstream("crop")[0]?.paramsAs(Cropped)?.size
  const saved = here.readers.find(({ name }) => name === "checkpoint")
  return [
    {
      stage,
      dataset: here.upstream("encode")[0]?.label,
      settings,
      clipSkip: here.upstream("encode")[0]?.paramsAs(Encoded)?.clipSkip ?? null,
      base: here.reads["base"]?.paramsAs(Based)?.folder,
      size: size === undefined ? undefined : sidesOf(size),
      name: saved?.paramsAs(Named)?.name,
    },
  ]
}

/** The trainings whose parameters are in order. */
export const trainingsAtHand = ({ stages }: PipelineGraph): readonly TrainingAtHand[] => {
  const views = wiredStages(stages)
  return stages.filter(({ node }) => node.name === "train").flatMap(({ label }) => trainingAt(views.get(label)!, label))
}

/** The embedding that a training puts into the captions that a stage reads. */
export const embeddingFor = ({ stages }: PipelineGraph, reader: string): TrainingSettings["customEmbedding"] => {
  const trainings = wiredStages(stages).get(reader)?.downstream("train") ?? []
  const embeddings = trainings.map((training) => training.paramsAs(TrainingSettings)?.customEmbedding ?? null)
  return embeddings.find((embedding) => embedding !== null) ?? null
}
