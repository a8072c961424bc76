/**
 * The parameters of `train`, with units and defaults, and what is wrong with them in words.
 *
 * A step is one optimizer update. Meanings and defaults follow the engine's settings; here they are checked before
 * anything runs, with a sentence for each field.
 */
import { Effect, Schema } from "effect"
import { memoryModes } from "../../engine/jobs/memory-mode.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { PredictionType } from "../../settings/prediction-type.ts"
import { TrainSettings } from "../../settings/train-settings.ts"
import { checkEmbedding, checkSchedule, checkTextModel } from "./train-checks.ts"

const withDefault = <S extends Schema.Constraint & Schema.WithoutConstructorDefault>(
  schema: S,
  value: S["~type.make.in"],
) => Schema.withConstructorDefault<S>(Effect.succeed(value))(schema)

/** Half a cosine from the peak down to `floor`, once or again and again. */
const Schedule = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("constant") }),
  Schema.Struct({
    kind: Schema.Literal("cosine"),
    /** The rate it comes down to. Default 0. */
    floor: withDefault(Schema.Finite, 0),
    /** Step at which it has come down; null: the last one. Default null. */
    steps: withDefault(Schema.NullOr(Schema.Int), null),
  }),
  Schema.Struct({
    kind: Schema.Literal("cosine-restarts"),
    floor: withDefault(Schema.Finite, 0),
    /** Steps from one peak to the next, and one more. */
    stepsBetweenRestarts: Schema.Int,
  }),
])

const TextModel = Schema.Struct({
  /** Learning rate of the text encoder's adapters. */
  learningRate: Schema.Finite,
})

const CustomEmbedding = Schema.Struct({
  /** `<keyword>` in a caption, or the keyword as a word of its own, stands for the embedding. */
  keyword: Schema.String,
  /** Tokens it is made of. Default 4. */
  length: withDefault(Schema.Int, 4),
  /** Learning rate of its rows. Default 5e-3. */
  learningRate: withDefault(Schema.Finite, 5e-3),
  /** Steps that train it; afterwards it is held and stays in use. null: all of them. Default null. */
  stopAtStep: withDefault(Schema.NullOr(Schema.Int), null),
  /** Word to start from; null: noise as large as the rows the model knows. Default null. */
  initWord: withDefault(Schema.NullOr(Schema.String), null),
})

export const TrainParams = Schema.Struct({
  /** Rank of every adapter: how much it can learn, and the size of the file; 0 with an embedding alone. Default 16. */
  networkDim: withDefault(Schema.Int, 16),
  /** How strongly the adapter acts: y = Wx + networkScale · up(down(x)); alpha / dim in other trainers. Default 1. */
  networkScale: withDefault(Schema.Finite, 1),
  /** Learning rate of the UNet adapters after warm-up; 0: none, something else must train. Default 1e-4. */
  unetLearningRate: withDefault(Schema.Finite, 1e-4),
  /** Number of optimizer updates. Default 1000. */
  steps: withDefault(Schema.Int, 1000),
  /** A checkpoint every so many steps, beside the one at the end; 0: only at the end. Default 250. */
  saveEverySteps: withDefault(Schema.Int, 250),
  /** Steps over which the learning rate rises from its first fraction to its full value. Default 20. */
  warmupSteps: withDefault(Schema.Int, 20),
  /** What all learning rates do after that: { kind: "constant" }, "cosine" or "cosine-restarts". Default constant. */
  schedule: withDefault(Schedule, { kind: "constant" }),
  /** Pictures per step, one after the other; their gradients are averaged. Default 1. */
  gradientAccumulationSteps: withDefault(Schema.Int, 1),
  /** Of every random draw: order of pictures, noise, timesteps, first values. Default 0. */
  seed: withDefault(Schema.Int, 0),
  /** Standard deviation of a random brightness added to the noise, per picture and channel. Default 0. */
  noiseOffset: withDefault(Schema.Finite, 0),
  /** Share of the pictures, drawn afresh at each use, that are trained on with an empty caption. Default 0. */
  captionDropout: withDefault(Schema.Finite, 0),
  /** Part of the denoising that is trained: 0 is the noisy start, 1 the clean end. Default all of it. */
  denoising: withDefault(Schema.Struct({ start: Schema.Finite, end: Schema.Finite }), { start: 0, end: 1 }),
  /** γ of min-SNR loss weighting, 5 in the paper; null weighs every timestep the same. Default null. */
  minSnrGamma: withDefault(Schema.NullOr(Schema.Finite), null),
  /** Limit for the length of the whole gradient; 0 or null: no limit. Default 1. */
  maxGradNorm: withDefault(Schema.NullOr(Schema.Finite), 1),
  /** AdamW's decoupled weight decay, per step and unit of learning rate. Default 0.01. */
  weightDecay: withDefault(Schema.Finite, 0.01),
  /** AdamW's memory of gradients and of their squares. Default [0.9, 0.999]. */
  betas: withDefault(Schema.Tuple([Schema.Finite, Schema.Finite]), [0.9, 0.999]),
  /** AdamW's guard against division by zero. Default 1e-8. */
  eps: withDefault(Schema.Finite, 1e-8),
  /** What the UNet predicts; null: as the base model's scheduler says. Default null. */
  predictionType: withDefault(Schema.NullOr(PredictionType), null),
  /** Adapters on the text encoder too (SDXL: on both), with a rate of their own; 4e-5 is usual. Default null: none. */
  textModel: withDefault(Schema.NullOr(TextModel), null),
  /** New tokens for a word of your own, trained along or alone. Default null: none. */
  customEmbedding: withDefault(Schema.NullOr(CustomEmbedding), null),
  /** A snapshot to go on from, every so many steps. Changes no result and enters no key. Default 25. */
  snapshotEverySteps: withDefault(Schema.Int, 25),
  /**
   * "fast" keeps all that a step's backward pass reads, "balanced" computes again what is cheap, "small" as much as it takes to
   * hold three tenths of that; "auto" takes the first that fits into the free memory. Changes no result and enters no key. Default "auto".
   */
  memory: withDefault(Schema.Literals(["auto", ...memoryModes]), "auto"),
})
export type TrainParams = typeof TrainParams.Type
/** As written in a pipeline file: everything may be left out. */
export type TrainParamsInput = (typeof TrainParams)["~type.make.in"]

interface Rule {
  readonly field: keyof TrainParams
  readonly holds: (params: TrainParams) => boolean
  readonly why: string
  readonly hint: string
}

const atLeast = (field: keyof TrainParams, minimum: number, hint: string): Rule => ({
  field,
  holds: (params) => Number(params[field] ?? minimum) >= minimum,
  why: minimum === 0 ? "must not be negative" : `must be ${minimum} or more`,
  hint,
})

const isFraction = (value: number): boolean => value >= 0 && value <= 1

const rules: readonly Rule[] = [
  {
    field: "networkDim",
    holds: ({ networkDim, customEmbedding }) => networkDim >= (customEmbedding === null ? 1 : 0),
    why: "must be 1 or more, or 0 with a custom embedding that trains alone",
    hint: "Usual values are 4 to 128",
  },
  {
    field: "networkScale",
    holds: ({ networkScale }) => networkScale > 0,
    why: "must be greater than 0: an adapter scaled by nothing trains nothing",
    hint: "1 is usual",
  },
  {
    field: "unetLearningRate",
    holds: ({ unetLearningRate, textModel, customEmbedding }) =>
      unetLearningRate > 0 || (unetLearningRate === 0 && (textModel !== null || customEmbedding !== null)),
    why: "must be greater than 0: at this rate nothing is trained",
    hint: "Usual values are 1e-5 to 1e-3",
  },
  atLeast("steps", 1, "Usual values are 500 to 3000"),
  atLeast("saveEverySteps", 0, "0 saves only at the end"),
  atLeast("warmupSteps", 0, "0 starts at the full rate"),
  atLeast("gradientAccumulationSteps", 1, "1 takes one picture per step"),
  atLeast("seed", 0, "Any whole number from 0 on will do"),
  atLeast("noiseOffset", 0, "Usual values are 0 to 0.1"),
  {
    field: "denoising",
    holds: ({ denoising: { start, end } }) => isFraction(start) && isFraction(end) && start <= end,
    why: "start and end must lie between 0 and 1, the start first",
    hint: "{ start: 0, end: 1 } trains all of it",
  },
  {
    field: "minSnrGamma",
    holds: ({ minSnrGamma }) => minSnrGamma === null || minSnrGamma > 0,
    why: "must be greater than 0, or null",
    hint: "5 is usual",
  },
  {
    field: "captionDropout",
    holds: ({ captionDropout }) => captionDropout >= 0 && captionDropout < 1,
    why: "must lie between 0 and 1, 1 excluded",
    hint: "0.05 to 0.1 is usual, 0 drops none",
  },
  atLeast("maxGradNorm", 0, "0 sets no limit"),
  atLeast("weightDecay", 0, "0.01 is usual"),
  {
    field: "betas",
    holds: ({ betas }) => betas.every((beta) => beta >= 0 && beta < 1),
    why: "both must lie between 0 and 1, 1 excluded",
    hint: "[0.9, 0.999] is usual",
  },
  {
    field: "eps",
    holds: ({ eps }) => eps > 0,
    why: "must be greater than 0",
    hint: "1e-8 is usual",
  },
  atLeast("snapshotEverySteps", 1, "25 is usual"),
]

const written = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value))

/** Everything that is wrong with the parameters by themselves. */
export const checkTraining = (params: TrainParams): readonly Problem[] => [
  ...rules
    .filter((rule) => !rule.holds(params))
    .map(
      ({ field, why, hint }): Problem => ({ field, why: `${written(params[field])} ${why}`, hint, severity: "error" }),
    ),
  ...checkSchedule(params),
  ...checkTextModel(params),
  ...checkEmbedding(params),
]

/** The engine's settings for these parameters. */
export const settingsFor = ({
  snapshotEverySteps: _,
  memory: _1,
  schedule,
  ...settings
}: TrainParams): typeof TrainSettings.Type =>
  TrainSettings.make({
    ...settings,
    schedule: schedule.kind === "cosine" ? { ...schedule, steps: schedule.steps ?? settings.steps } : schedule,
  })
