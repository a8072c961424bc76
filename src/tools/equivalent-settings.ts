/**
 * A training's settings in the words of other trainers, kohya's sd-scripts and Draw Things: those of the rows, and beside them what no
 * single parameter says.
 *
 * CLIP skip is numbered alike by all three: 1 skips nothing. For SDXL kohya has a script of its own, which always takes the layer
 * before the last.
 */
import { timestepRange } from "../diffusion/timestep-range.ts"
import { type FamilyName, familyRecord, presumedFamily } from "../settings/family.ts"
import { number, optimizerArguments, rate } from "../settings/other-words.ts"
import { textEncoding } from "../settings/text-encoding.ts"
import { trainRows } from "../settings/train-rows.ts"
import { type Elsewhere, elsewhere } from "../settings/words-elsewhere.ts"
import type { BaseModelFolder } from "../stages/wires/base-files.ts"
import type { TrainingAtHand } from "./wiring.ts"

/** What of the base model other trainers have to be told. */
export type BaseKind = Pick<BaseModelFolder, "family" | "predictionType">

/** What is told of a model that is not known yet. */
export const presumedBase: BaseKind = { family: presumedFamily, predictionType: "epsilon" }

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

const baseRows = ({ clipSkip }: TrainingAtHand, family: FamilyName): readonly Elsewhere[] => {
  const { clipSkip: skip } = textEncoding(family, clipSkip)
  const {
    title,
    elsewhere: { kohya },
  } = familyRecord(family)
  const { flags, takesClipSkip } = kohya
  const skipFlags = !takesClipSkip || skip === 1 ? [] : [`--clip_skip ${skip}`]
  return [...(flags.length === 0 ? [] : [row("base model", title, flags)]), row("CLIP skip", number(skip), skipFlags)]
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

const differencesOf = ({ params }: TrainingAtHand, family: FamilyName): readonly string[] => [
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
    : [
        `kohya has a script of its own for embeddings (${familyRecord(family).elsewhere.kohya.embeddingScript}) and trains none along with a LoRA`,
      ]),
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

const familyDifferences = ({ clipSkip, params }: TrainingAtHand, family: FamilyName): readonly string[] => {
  const { clipSkip: skip } = textEncoding(family, clipSkip)
  const { shortTitle, ownClipSkip, elsewhere } = familyRecord(family)
  const { always, withClipSkip, withTextEncoder } = elsewhere.drawThings
  const isFixed = !elsewhere.kohya.takesClipSkip && skip !== ownClipSkip
  return [
    ...(isFixed ? [`kohya's ${shortTitle} script takes no CLIP skip: it trains as with ${ownClipSkip}`] : []),
    ...always.map((clause) => `in Draw Things ${clause}`),
    ...(skip === 1 ? [] : withClipSkip.map((clause) => `in Draw Things CLIP skip ${skip} ${clause}`)),
    ...(params.textModel === null ? [] : withTextEncoder.map((clause) => `in Draw Things ${clause}`)),
  ]
}

export const equivalentSettings = (training: TrainingAtHand, base: BaseKind): Equivalents => ({
  script: familyRecord(base.family).elsewhere.kohya.script,
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
