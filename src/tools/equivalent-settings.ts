/**
 * A training's settings in the words of other trainers: kohya's sd-scripts and Draw Things.
 *
 * Draw Things counts pictures where Loom and kohya count updates, so its numbers are multiplied by the accumulation. kohya has
 * alpha where the others have a scale: alpha = scale × dim. CLIP skip is numbered alike by all three: 1 skips nothing. For SDXL kohya
 * has a script of its own, which always takes the layer before the last.
 * Sources: kohya-ss/sd-scripts 48d368f (library/train_util.py), drawthingsai/draw-things-community bfafc68 (LoRATrainer.swift).
 */
import { timestepRange } from "../diffusion/timestep-range.ts"
import { type FamilyName, familyRecord, presumedFamily } from "../settings/family.ts"
import { textEncoding } from "../settings/text-encoding.ts"
import type { BaseModelFolder } from "../stages/wires/base-files.ts"
import type { TrainingAtHand } from "./wiring.ts"

export interface EquivalentSetting {
  readonly setting: string
  readonly loom: string
  /** Flags of `train_network.py`; empty: its default does the same. */
  readonly kohya: readonly string[]
  /** As the app shows it; null: it has no such setting. */
  readonly drawThings: string | null
}

/** What of the base model other trainers have to be told. */
export type BaseKind = Pick<BaseModelFolder, "family" | "predictionType">

/** What is told of a model that is not known yet. */
export const presumedBase: BaseKind = { family: presumedFamily, predictionType: "epsilon" }

export interface Equivalents {
  /** kohya's script for this kind of base model. */
  readonly script: string
  readonly rows: readonly EquivalentSetting[]
  /** What stays different however the settings are chosen. */
  readonly differences: readonly string[]
  readonly hints: readonly string[]
}

/** Steps of a schedule that Stable Diffusion models are trained with. */
const trainTimesteps = 1000

const number = (value: number): string => String(Number(value.toPrecision(12)))

/** Rates as they are usually written: 1e-4 rather than 0.0001. */
const rate = (value: number): string =>
  value === 0 || value >= 0.01 ? number(value) : value.toExponential().replace(/e-0?/, "e-")

const row = (
  setting: string,
  loom: string,
  kohya: readonly string[],
  drawThings: string | null = loom,
): EquivalentSetting => ({ setting, loom, kohya, drawThings })

const sizeRow = ({ size }: TrainingAtHand): readonly EquivalentSetting[] => {
  if (size === undefined) return []
  const text = `${size.width} × ${size.height}`
  const fits = size.width % 64 === 0 && size.height % 64 === 0
  return [row("image size", text, [`--resolution ${size.width},${size.height}`], fits ? text : null)]
}

const networkRows = ({ settings }: TrainingAtHand): readonly EquivalentSetting[] => {
  const { networkDim, networkScale } = settings
  return [
    row("network dim", number(networkDim), ["--network_module networks.lora", `--network_dim ${networkDim}`]),
    row("network scale", number(networkScale), [`--network_alpha ${number(networkDim * networkScale)}`]),
  ]
}

const rateRows = ({ settings }: TrainingAtHand): readonly EquivalentSetting[] => {
  const { unetLearningRate, textModel } = settings
  const unetOnly = textModel === null ? ["--network_train_unet_only"] : []
  return [
    row("UNet learning rate", rate(unetLearningRate), [`--unet_lr ${rate(unetLearningRate)}`, ...unetOnly]),
    textModel === null
      ? row("train text model", "no", [], "off")
      : row("text model learning rate", rate(textModel.learningRate), [
          `--text_encoder_lr ${rate(textModel.learningRate)}`,
        ]),
  ]
}

const scheduleRow = ({ settings }: TrainingAtHand): EquivalentSetting => {
  const { schedule, warmupSteps, steps, unetLearningRate, gradientAccumulationSteps: pictures } = settings
  const { kind = "constant", floor = 0, stepsBetweenRestarts: period = steps } = schedule ?? {}
  if (kind === "constant") {
    const name = warmupSteps > 0 ? "constant_with_warmup" : "constant"
    return row("schedule", "constant", [`--lr_scheduler ${name}`], "no restarts")
  }
  if (kind === "cosine-restarts") {
    const cycles = Math.max(1, Math.round(steps / Math.max(1, period - 1)))
    const flags = ["--lr_scheduler cosine_with_restarts", `--lr_scheduler_num_cycles ${cycles}`]
    const restart = number((period - 1) * pictures + 1)
    return row("schedule", `cosine, restarts every ${period - 1}`, flags, `steps between restarts ${restart}`)
  }
  const ratio = unetLearningRate > 0 ? number(floor / unetLearningRate) : "0"
  const flags =
    floor === 0
      ? ["--lr_scheduler cosine"]
      : ["--lr_scheduler cosine_with_min_lr", `--lr_scheduler_min_lr_ratio ${ratio}`]
  return row("schedule", floor === 0 ? "cosine" : `cosine down to ${rate(floor)}`, flags, null)
}

const stepRows = (training: TrainingAtHand): readonly EquivalentSetting[] => {
  const { steps, warmupSteps, saveEverySteps, gradientAccumulationSteps: pictures } = training.settings
  const save = saveEverySteps === 0 ? [] : [`--save_every_n_steps ${saveEverySteps}`]
  return [
    row("training steps", number(steps), [`--max_train_steps ${steps}`], number(steps * pictures)),
    row("gradient accumulation", number(pictures), [
      "--train_batch_size 1",
      `--gradient_accumulation_steps ${pictures}`,
    ]),
    row("warm-up steps", number(warmupSteps), [`--lr_warmup_steps ${warmupSteps}`], number(warmupSteps * pictures)),
    scheduleRow(training),
    row("save every", number(saveEverySteps), save, number(saveEverySteps * pictures)),
  ]
}

const denoisingRow = ({ settings }: TrainingAtHand): EquivalentSetting => {
  const { start, end } = settings.denoising
  const { lowest, highest } = timestepRange(settings.denoising, trainTimesteps)
  const isAll = start === 0 && end === 1
  // kohya's upper end is not drawn.
  const flags = isAll ? [] : [`--min_timestep ${lowest}`, `--max_timestep ${highest + 1}`]
  return row("denoising schedule", `${start} … ${end}`, flags, `${number(100 * start)} % … ${number(100 * end)} %`)
}

const noiseRows = (training: TrainingAtHand, base: BaseKind): readonly EquivalentSetting[] => {
  const { noiseOffset, minSnrGamma, captionDropout = 0, predictionType } = training.settings
  const predicted = predictionType ?? base.predictionType
  return [
    row("noise offset", number(noiseOffset), noiseOffset === 0 ? [] : [`--noise_offset ${number(noiseOffset)}`]),
    denoisingRow(training),
    row(
      "min-SNR γ",
      minSnrGamma === null ? "none" : number(minSnrGamma),
      minSnrGamma === null ? [] : [`--min_snr_gamma ${number(minSnrGamma)}`],
      minSnrGamma === 1 ? "1" : null,
    ),
    ...(captionDropout > 0 ? [row("caption dropout", number(captionDropout), [], null)] : []),
    ...(predicted === "v_prediction" ? [row("prediction", "v", ["--v_parameterization"], null)] : []),
  ]
}

const optimizerRows = ({ settings }: TrainingAtHand): readonly EquivalentSetting[] => {
  const { weightDecay, betas, eps, maxGradNorm, seed } = settings
  const options = `"weight_decay=${weightDecay}" "betas=${betas.join(",")}" "eps=${eps}"`
  return [
    row("optimizer", "AdamW", ["--optimizer_type AdamW", `--optimizer_args ${options}`], "AdamW"),
    row("weight decay", number(weightDecay), [], weightDecay === 0.001 ? "0.001" : null),
    row("gradient norm limit", number(maxGradNorm ?? 0), [`--max_grad_norm ${number(maxGradNorm ?? 0)}`], null),
    row("seed", number(seed), [`--seed ${seed}`]),
  ]
}

const embeddingRows = ({ settings }: TrainingAtHand): readonly EquivalentSetting[] => {
  const { customEmbedding: embedding, gradientAccumulationSteps: pictures } = settings
  if (embedding === null) return []
  const stop = embedding.stopAtStep
  return [
    row("embedding", `<${embedding.keyword}>`, []),
    row("embedding length", number(embedding.length), []),
    row("embedding learning rate", rate(embedding.learningRate), []),
    row("stop embedding at", stop === null ? "never" : number(stop), [], stop === null ? "0" : number(stop * pictures)),
  ]
}

const differencesOf = ({ settings }: TrainingAtHand, family: FamilyName): readonly string[] => [
  "in kohya's scripts the first update of a warm-up has rate 0, and one latent sample per picture is kept for ever",
  "in Draw Things weight decay is 0.001, the gradient has no limit, the loss is weighted with min-SNR γ = 1, and more layers are adapted",
  ...(settings.noiseOffset > 0
    ? ["in Draw Things the noise offset is one number for all channels, here one for each"]
    : []),
  ...((settings.captionDropout ?? 0) > 0
    ? ["in kohya's scripts caption dropout is caption_dropout_rate in the dataset's configuration"]
    : []),
  ...(settings.customEmbedding === null
    ? []
    : [
        `kohya has a script of its own for embeddings (${familyRecord(family).elsewhere.kohya.embeddingScript}) and trains none along with a LoRA`,
      ]),
]

/** The seed's advice with the numbers of this run. */
const accumulationHint = ({ settings }: TrainingAtHand): string => {
  const { gradientAccumulationSteps: pictures, unetLearningRate, textModel, customEmbedding, steps } = settings
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

const baseRows = ({ clipSkip }: TrainingAtHand, family: FamilyName): readonly EquivalentSetting[] => {
  const { clipSkip: skip } = textEncoding(family, clipSkip)
  const { title, elsewhere } = familyRecord(family)
  const { flags, takesClipSkip } = elsewhere.kohya
  const skipFlags = !takesClipSkip || skip === 1 ? [] : [`--clip_skip ${skip}`]
  return [...(flags.length === 0 ? [] : [row("base model", title, flags)]), row("CLIP skip", number(skip), skipFlags)]
}

const familyDifferences = ({ clipSkip, settings }: TrainingAtHand, family: FamilyName): readonly string[] => {
  const { clipSkip: skip } = textEncoding(family, clipSkip)
  const { shortTitle, ownClipSkip, elsewhere } = familyRecord(family)
  const { always, withClipSkip, withTextModel } = elsewhere.drawThings
  const isFixed = !elsewhere.kohya.takesClipSkip && skip !== ownClipSkip
  return [
    ...(isFixed ? [`kohya's ${shortTitle} script takes no CLIP skip: it trains as with ${ownClipSkip}`] : []),
    ...always.map((clause) => `in Draw Things ${clause}`),
    ...(skip === 1 ? [] : withClipSkip.map((clause) => `in Draw Things CLIP skip ${skip} ${clause}`)),
    ...(settings.textModel === null ? [] : withTextModel.map((clause) => `in Draw Things ${clause}`)),
  ]
}

export const equivalentSettings = (training: TrainingAtHand, base: BaseKind): Equivalents => ({
  script: familyRecord(base.family).elsewhere.kohya.script,
  rows: [
    ...(training.name === undefined ? [] : [row("output name", training.name, [`--output_name ${training.name}`])]),
    ...sizeRow(training),
    ...networkRows(training),
    ...rateRows(training),
    ...stepRows(training),
    ...baseRows(training, base.family),
    ...embeddingRows(training),
    ...noiseRows(training, base),
    ...optimizerRows(training),
  ],
  differences: [...differencesOf(training, base.family), ...familyDifferences(training, base.family)],
  hints: [accumulationHint(training)],
})
