/**
 * Every setting that a training run obeys, in one list, with units, bounds and defaults.
 *
 * A step is one optimizer update. The list is complete: what is not here does not influence the numbers, and all of it
 * is written into the finished file. `TrainSettings.make` fills in the defaults.
 */
import { Effect, Schema } from "effect"
import { isKeyword } from "./keyword.ts"
import { LearningRateCurve } from "./learning-rate-curve.ts"
import { PredictionType } from "./prediction-type.ts"

const positive = Schema.Finite.check(Schema.isGreaterThan(0))
const notNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const fraction = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const beta = fraction.check(Schema.isLessThan(1))
const countFrom = (minimum: number) => Schema.Int.check(Schema.isGreaterThanOrEqualTo(minimum))
const withDefault = <S extends Schema.Constraint & Schema.WithoutConstructorDefault>(
  schema: S,
  value: S["~type.make.in"],
) => Schema.withConstructorDefault<S>(Effect.succeed(value))(schema)

/** The user's view: 0 is the noisy start of denoising, 1 its clean end. */
const Denoising = Schema.Struct({ start: fraction, end: fraction }).check(
  Schema.makeFilter(({ start, end }) => start <= end || "denoising must start before it ends"),
)

/** LoRA on the text encoder, trained along. */
const TextModelSettings = Schema.Struct({ learningRate: positive })

/** New tokens whose rows are trained along. */
const CustomEmbeddingSettings = Schema.Struct({
  /** `<keyword>`, or the keyword as a word, in a caption stands for all of the embedding's tokens. */
  keyword: Schema.String.check(Schema.makeFilter((text) => isKeyword(text) || "a keyword is one word")),
  /** Number of tokens. */
  length: countFrom(1),
  learningRate: positive,
  /** Updates 0 to stopAtStep − 1 train the rows; afterwards they are held, and stay in use. null: all do. */
  stopAtStep: withDefault(Schema.NullOr(countFrom(1)), null),
  /** Word whose rows the new ones start from, cycled; null: noise of the token table's spread. */
  initWord: withDefault(Schema.NullOr(Schema.String), null),
})

export const TrainSettings = Schema.Struct({
  /** Rank of every adapter; 0: no adapters, an embedding trains alone. */
  networkDim: countFrom(0),
  /** s in y = Wx + s · up(down(x)); the file's alpha is s · dim. */
  networkScale: withDefault(positive, 1),
  /** 0: no adapters in the UNet. */
  unetLearningRate: notNegative,
  steps: countFrom(1),
  /** 0: only at the end. */
  saveEverySteps: withDefault(countFrom(0), 0),
  /** The rate of update u, counted from 0, is multiplied by (u + 1) / warmupSteps until that reaches 1. */
  warmupSteps: withDefault(countFrom(0), 0),
  /** What every group's rate does after that. */
  schedule: withDefault(LearningRateCurve, { kind: "constant" }),
  /** Pictures per update; their gradients are averaged. */
  gradientAccumulationSteps: withDefault(countFrom(1), 1),
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  /** Standard deviation of a normal number per picture and channel that is added to the noise. */
  noiseOffset: withDefault(notNegative, 0),
  /** γ of min-SNR weighting (Hang et al. 2023); null: every timestep weighs the same. */
  minSnrGamma: withDefault(Schema.NullOr(positive), null),
  /** Limit of the L2 norm over all gradients of an update; 0 or null: none. */
  maxGradNorm: withDefault(Schema.NullOr(notNegative), 1),
  weightDecay: withDefault(notNegative, 0.01),
  betas: withDefault(Schema.Tuple([beta, beta]), [0.9, 0.999]),
  eps: withDefault(positive, 1e-8),
  /** Share of the pictures, drawn at random at each use, that are trained on with the empty caption. */
  captionDropout: withDefault(fraction, 0),
  denoising: withDefault(Denoising, { start: 0, end: 1 }),
  /** null: as the base model's scheduler says. */
  predictionType: withDefault(Schema.NullOr(PredictionType), null),
  textModel: withDefault(Schema.NullOr(TextModelSettings), null),
  customEmbedding: withDefault(Schema.NullOr(CustomEmbeddingSettings), null),
})
export type TrainSettings = typeof TrainSettings.Type
export type CustomEmbeddingSettings = typeof CustomEmbeddingSettings.Type

/** What has a learning rate of its own. */
export type TrainedGroup = "embedding" | "text" | "unet"

/** Where there are adapters: a rank of 0, or a rate of 0 for the UNet, leaves them out. */
export const adaptedParts = ({ networkDim, unetLearningRate, textModel }: TrainSettings) => ({
  unet: networkDim > 0 && unetLearningRate > 0,
  text: networkDim > 0 && textModel !== null,
})

/** Whether captions go through the text encoder in every update, because something before its states is trained. */
export const trainsText = (settings: TrainSettings): boolean =>
  adaptedParts(settings).text || settings.customEmbedding !== null
