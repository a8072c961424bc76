/**
 * The trainings of a wired pipeline, as far as the wiring alone tells: parameters, CLIP skip, size, names. Nothing is read or run.
 */
import { Option, Schema } from "effect"
import type { PipelineGraph, StageInstance } from "../runtime/define/pipeline-graph.ts"
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

type Stages = PipelineGraph["stages"]

const asText = Schema.decodeUnknownOption(Schema.String)
const asNumber = Schema.decodeUnknownOption(Schema.Finite)

const Cropped = Schema.Struct({
  size: Schema.Union([Schema.Finite, Schema.Struct({ width: Schema.Finite, height: Schema.Finite })]),
})

const byLabel = (stages: Stages, label: string | undefined): StageInstance | undefined =>
  stages.find((stage) => stage.label === label)

/** The crop that a stage's pictures come from, through any stages of the user's own. */
const cropBehind = (stages: Stages, start: StageInstance | undefined): StageInstance | undefined => {
  let stage = start
  while (stage !== undefined && stage.node.name !== "crop") {
    stage = byLabel(stages, stage.inputs["pictures"] ?? stage.inputs["items"])
  }
  return stage
}

const sizeBehind = (stages: Stages, dataset: StageInstance | undefined): TrainingAtHand["size"] => {
  const crop = Schema.decodeUnknownOption(Cropped)(cropBehind(stages, dataset)?.encodedParams)
  if (Option.isNone(crop)) return undefined
  const { size } = crop.value
  return typeof size === "number" ? { width: size, height: size } : size
}

/** The trainings whose parameters are in order. */
export const trainingsAtHand = ({ stages }: PipelineGraph): readonly TrainingAtHand[] =>
  stages.flatMap((stage) => {
    if (stage.node.name !== "train") return []
    const params = Schema.decodeUnknownOption(TrainParams)(stage.encodedParams)
    if (Option.isNone(params)) return []
    const dataset = byLabel(stages, stage.inputs["dataset"])
    const saved = stages.find(({ node, inputs }) => node.name === "checkpoint" && inputs["trained"] === stage.label)
    const name = saved?.encodedParams["name"]
    return [
      {
        stage: stage.label,
        dataset: dataset?.label,
        params: params.value,
        clipSkip: Option.getOrNull(asNumber(dataset?.encodedParams["clipSkip"])),
        base: Option.getOrUndefined(asText(byLabel(stages, stage.inputs["base"])?.encodedParams["folder"])),
        size: sizeBehind(stages, dataset),
        name: Option.getOrUndefined(asText(name)),
      },
    ]
  })

/** The embedding that a training puts into the captions that a stage reads. */
export const embeddingFor = (graph: PipelineGraph, reader: string): TrainParams["customEmbedding"] => {
  const datasets = graph.stages.filter(({ inputs }) => inputs["texts"] === reader).map(({ label }) => label)
  const trainings = trainingsAtHand(graph).filter(({ dataset }) => dataset !== undefined && datasets.includes(dataset))
  return trainings.find(({ params }) => params.customEmbedding !== null)?.params.customEmbedding ?? null
}
