/**
 * The trainings of a wired pipeline, as far as the wiring alone tells: parameters, CLIP skip, size, names. Nothing is read or run.
 */
import { Schema } from "effect"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { wiredStages } from "../runtime/define/wired-stages.ts"
import type { WiredStage } from "../runtime/model/wired-stage.ts"
import { PictureSize, sidesOf } from "../stages/base/picture-size.ts"
import { TrainParams } from "../stages/training/train-params.ts"

export interface TrainingAtHand {
  /** Label of the train stage. */
  readonly stage: string
  /** Label of the stage that makes its dataset. */
  readonly dataset: string | undefined
  readonly params: TrainParams
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
  const params = here.paramsAs(TrainParams)
  if (params === undefined) return []
  const size = here.upstream("crop")[0]?.paramsAs(Cropped)?.size
  const saved = here.readers.find(({ name }) => name === "checkpoint")
  return [
    {
      stage,
      dataset: here.upstream("encode")[0]?.label,
      params,
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
export const embeddingFor = ({ stages }: PipelineGraph, reader: string): TrainParams["customEmbedding"] => {
  const trainings = wiredStages(stages).get(reader)?.downstream("train") ?? []
  const embeddings = trainings.map((training) => training.paramsAs(TrainParams)?.customEmbedding ?? null)
  return embeddings.find((embedding) => embedding !== null) ?? null
}
