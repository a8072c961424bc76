/**
 * A training's settings in the words of other trainers, kohya's sd-scripts and Draw Things: those of the rows, and beside them what no
 * single parameter says.
 *
 * CLIP skip is numbered alike by all three: 1 skips nothing. For SDXL kohya has a script of its own, which always takes the layer
 * before the last.
 */
import { timestepRange } from "../diffusion/timestep-range.ts"
import { number, optimizerArguments, rate } from "../settings/other-words.ts"
import { trainRows } from "../settings/train-rows.ts"
import { type Elsewhere, elsewhere } from "../settings/words-elsewhere.ts"
import { ownClipSkips } from "../stages/base/own-clip-skip.ts"
import type { BaseModelFolder } from "../stages/wires/base-files.ts"
import type { TrainingAtHand } from "./wiring.ts"

/** What of the base model other trainers have to be told. */
export type BaseKind = Pick<BaseModelFolder, "family" | "predictionType">
type Family = BaseKind["family"]

export interface Equivalents {
  /** kohya's script for this kind of base model. */
  readonly script: string
  readonly rows: readonly Elsewhere[]
  /** What stays different however the settings are chosen. */
  readonly differences: readonly string[]
  readonly hints: readonly string[]
}

/** Steps of a schedule that Stable Diffusion models are trained with. */
const trainTimesteps = 1000

const row = (setting: string, loom: string, kohya: readonly string[], drawThings: string | null = loom): Elsewhere => ({
  setting,
  loom,
  kohya,
  drawThings,
})

const sizeRow = ({ size }: TrainingAtHand): readonly Elsewhere[] => {
  if (size === undefined) return []
  const text = `${size.width} × ${size.height}`
  const fits = size.width % 64 === 0 && size.height % 64 === 0
  return [row("image size", text, [`--resolution ${size.width},${size.height}`], fits ? text : null)]
}

const baseRows = ({ clipSkip }: TrainingAtHand, family: Family): readonly Elsewhere[] => {
  const skip = clipSkip ?? ownClipSkips[family]
  const skipFlags = family === "sdxl" || skip === 1 ? [] : [`--clip_skip ${skip}`]
  return [
    ...(family === "sd2" ? [row("base model", "Stable Diffusion 2", ["--v2"])] : []),
    row("CLIP skip", number(skip), skipFlags),
  ]
}

/** The parameters as the rows say them, the prediction as the base model has it. */
const parameterRows = ({ params }: TrainingAtHand, base: BaseKind): readonly Elsewhere[] => {
  const predictionType = params.predictionType ?? base.predictionType
  const timesteps = timestepRange(params.denoising, trainTimesteps)
  return elsewhere(trainRows, { ...params, predictionType }, { ...params, timesteps })
}

/** kohya takes all the optimizer's arguments after one flag, which stands where the first of them is. */
const withJoinedArguments = (rows: readonly Elsewhere[]): readonly Elsewhere[] => {
  const isArgument = (flag: string): boolean => flag.startsWith(`${optimizerArguments} `)
  const found = rows.flatMap(({ kohya }) => kohya.filter(isArgument))
  const joined = [optimizerArguments, ...found.map((flag) => flag.slice(optimizerArguments.length + 1))].join(" ")
  return rows.map((one) => ({
    ...one,
    kohya: one.kohya.flatMap((flag) => (isArgument(flag) ? (flag === found[0] ? [joined] : []) : [flag])),
  }))
}

const embeddingScripts: Readonly<Record<Family, string>> = {
  sd1: "train_textual_inversion.py",
  sd2: "train_textual_inversion.py",
  sdxl: "sdxl_train_textual_inversion.py",
}

const differencesOf = ({ params }: TrainingAtHand, family: Family): readonly string[] => [
  "in kohya's scripts the first update of a warm-up has rate 0, and one latent sample per picture is kept for ever",
  "in Draw Things weight decay is 0.001, the gradient has no limit, the loss is weighted with min-SNR γ = 1, and more layers are adapted",
  ...(params.noiseOffset > 0
    ? ["in Draw Things the noise offset is one number for all channels, here one for each"]
    : []),
  ...(params.captionDropout > 0
    ? ["in kohya's scripts caption dropout is caption_dropout_rate in the dataset's configuration"]
    : []),
  ...(params.customEmbedding === null
    ? []
    : [`kohya has a script of its own for embeddings (${embeddingScripts[family]}) and trains none along with a LoRA`]),
]

/** The seed's advice with the numbers of this run. */
const accumulationHint = ({ params }: TrainingAtHand): string => {
  const { gradientAccumulationSteps: pictures, unetLearningRate, textModel, customEmbedding, steps } = params
  const rates = [
    ...(unetLearningRate > 0 ? [`unetLearningRate ${rate(2 * unetLearningRate)}`] : []),
    ...(textModel === null ? [] : [`textModel.learningRate ${rate(2 * textModel.learningRate)}`]),
    ...(customEmbedding === null ? [] : [`customEmbedding.learningRate ${rate(2 * customEmbedding.learningRate)}`]),
  ]
  return (
    `Twice the accumulation wants twice the rate: with gradientAccumulationSteps ${2 * pictures}, try ${rates.join(", ")}; ` +
    `${Math.ceil(steps / 2)} steps then see the same ${steps * pictures} pictures`
  )
}

const scripts: Readonly<Record<Family, string>> = {
  sd1: "train_network.py",
  sd2: "train_network.py",
  sdxl: "sdxl_train_network.py",
}

const familyDifferences = ({ clipSkip, params }: TrainingAtHand, family: Family): readonly string[] => {
  if (family !== "sdxl") return []
  const skip = clipSkip ?? ownClipSkips[family]
  return [
    ...(skip === 2 ? [] : ["kohya's SDXL script takes no CLIP skip: it trains on the layer before the last"]),
    "in Draw Things the cross-attention keys and values of SDXL's UNet are not trained",
    ...(skip === 1
      ? []
      : [`in Draw Things CLIP skip ${skip} takes the states of SDXL's second text model one layer earlier`]),
    ...(params.textModel === null ? [] : ["in Draw Things the first of SDXL's text models is not trained"]),
  ]
}

export const equivalentSettings = (training: TrainingAtHand, base: BaseKind): Equivalents => ({
  script: scripts[base.family],
  rows: withJoinedArguments([
    ...(training.name === undefined ? [] : [row("output name", training.name, [`--output_name ${training.name}`])]),
    ...sizeRow(training),
    ...baseRows(training, base.family),
    row("optimizer", "AdamW", ["--optimizer_type AdamW"]),
    ...parameterRows(training, base),
  ]),
  differences: [...differencesOf(training, base.family), ...familyDifferences(training, base.family)],
  hints: [accumulationHint(training)],
})
