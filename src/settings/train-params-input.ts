/**
 * The parameters of `train` as a pipeline file writes them, with all that the rows say of each.
 *
 * Printed from the rows by `node test/documents/write-parameters.ts`; tests compare its text and its types with them.
 */

/**
 * Adapters on the text encoder too, in SDXL on both (q, k, v, out, fc1, fc2 of every layer that runs under the
 * CLIP skip), at a rate of their own; 4e-5 is usual.
 */
export interface TextModelInput {
  /**
   * Learning rate of the text encoders' adapters after warm-up. Must be greater than 0: at this rate nothing is
   * trained. 4e-5 is usual; textModel: null leaves the text encoder as it is. Unit: per step.
   */
  readonly learningRate: number
}

/** New tokens for a word of your own, trained along with the LoRA or alone. */
export interface CustomEmbeddingInput {
  /**
   * `<keyword>` in a caption or prompt stands for the embedding, and so does the keyword as a word of its own.
   * Unit: word.
   */
  readonly keyword: string
  /** Tokens it is made of. Must be 1 to 75 tokens. 4 is usual. Unit: whole number, tokens. Default 4. */
  readonly length?: number
  /**
   * Learning rate of its rows after warm-up. Must be greater than 0: at this rate nothing is trained. 1e-3 to 1e-2
   * is usual; customEmbedding: null trains none. Unit: per step. Default 5e-3.
   */
  readonly learningRate?: number
  /**
   * Steps that train it; afterwards it is held and stays in use. null: all of them. Must be 1 or more: it would
   * never be trained. null trains it in all steps. Unit: updates. Default null.
   */
  readonly stopAtStep?: number | null
  /**
   * Word whose tokens' rows the new ones start from, again and again where it is shorter; null: noise as large as
   * the rows the model knows. Unit: words. Default null.
   */
  readonly initWord?: string | null
}

export interface ConstantSchedule {
  readonly kind: "constant"
}

export interface CosineSchedule {
  readonly kind: "cosine"
  /** The rate it comes down to. Must not be negative. 0 is usual. Unit: per step. Default 0. */
  readonly floor?: number
  /**
   * Step at which it has come down, and stays; null: the last one. Must be 1 or more. null takes all steps. Unit:
   * updates. Default null.
   */
  readonly steps?: number | null
}

export interface CosineRestartsSchedule {
  readonly kind: "cosine-restarts"
  /** The rate it comes down to. Must not be negative. 0 is usual. Unit: per step. Default 0. */
  readonly floor?: number
  /**
   * Steps from one peak to the next, and one more, as Draw Things counts them. Must be 2 or more. 200 is usual.
   * Unit: whole number, updates.
   */
  readonly stepsBetweenRestarts: number
}

export interface HoldSchedule {
  readonly kind: "hold"
  /**
   * Steps with the whole rate; from there on it falls along a straight line. Must not be negative. Four fifths of
   * the steps is usual. Unit: whole number, updates.
   */
  readonly decayFromStep: number
  /** The rate it comes down to. Must not be negative. 0 is usual. Unit: per step. Default 0. */
  readonly floor?: number
  /**
   * Step at which it has come down, and stays; null: the last one. Must be 1 or more. null takes all steps. Unit:
   * updates. Default null.
   */
  readonly steps?: number | null
}

/**
 * What all learning rates do after warm-up: `{ kind: "constant" }`; `{ kind: "cosine", floor, steps }` falls
 * along half a cosine, once; `{ kind: "cosine-restarts", floor, stepsBetweenRestarts }` does so again and again;
 * `{ kind: "hold", decayFromStep, floor, steps }` stays whole up to a step and falls along a straight line from
 * there.
 */
export type ScheduleInput = ConstantSchedule | CosineSchedule | CosineRestartsSchedule | HoldSchedule

/** The part of the denoising that is trained: 0 is the noisy start, 1 the clean end. */
export interface DenoisingInput {
  /**
   * Where the trained part starts. Must lie between 0 and 1. 0 is the noisy start, 1 the clean end. Unit:
   * fraction.
   */
  readonly start: number
  /** Where it ends. Must lie between 0 and 1. 0 is the noisy start, 1 the clean end. Unit: fraction. */
  readonly end: number
}

/** All may be left out. A step is one optimizer update. */
export interface TrainParamsInput {
  /**
   * Rank of every adapter: how much the LoRA can learn, and the size of its file; 0 with an embedding that trains
   * alone. Must be 1 or more, or 0 with a custom embedding that trains alone. Usual values are 4 to 128. Unit:
   * whole number, rank. Default 16.
   */
  readonly networkDim?: number
  /**
   * How strongly the adapter acts: y = Wx + networkScale · up(down(x)). Must be greater than 0: an adapter scaled
   * by nothing trains nothing. 1 is usual. Unit: factor. Default 1.
   */
  readonly networkScale?: number
  /**
   * Learning rate of the UNet's adapters after warm-up; 0 leaves the UNet as it is, where something else is
   * trained. Must not be negative. Usual values are 1e-5 to 1e-3. Unit: per step. Default 1e-4.
   */
  readonly unetLearningRate?: number
  /**
   * Adapters on the text encoder too, in SDXL on both (q, k, v, out, fc1, fc2 of every layer that runs under the
   * CLIP skip), at a rate of their own; 4e-5 is usual. Default null.
   */
  readonly textModel?: TextModelInput | null
  /** New tokens for a word of your own, trained along with the LoRA or alone. Default null. */
  readonly customEmbedding?: CustomEmbeddingInput | null
  /**
   * Number of steps; one is one optimizer update, whatever the number of pictures in it. Must be 1 or more. Usual
   * values are 500 to 3000. Unit: whole number, updates. Default 1000.
   */
  readonly steps?: number
  /**
   * Only the steps up to this one of the whole course are trained, as they are in the whole; null: all steps. Must
   * be 1 or more. null trains all steps. Unit: updates. Default null.
   */
  readonly untilStep?: number | null
  /**
   * Pictures per step; their gradients are averaged. Must be 1 or more. 1 takes one picture per step. Unit: whole
   * number, pictures. Default 1.
   */
  readonly gradientAccumulationSteps?: number
  /**
   * Steps over which the rates rise: by (step + 1) / warmupSteps, counted from 0, until they are whole. Must not
   * be negative. 0 starts at the full rate. Unit: whole number, updates. Default 20.
   */
  readonly warmupSteps?: number
  /**
   * What all learning rates do after warm-up: `{ kind: "constant" }`; `{ kind: "cosine", floor, steps }` falls
   * along half a cosine, once; `{ kind: "cosine-restarts", floor, stepsBetweenRestarts }` does so again and again;
   * `{ kind: "hold", decayFromStep, floor, steps }` stays whole up to a step and falls along a straight line from
   * there. Default { kind: "constant" }.
   */
  readonly schedule?: ScheduleInput
  /**
   * A checkpoint every so many steps, beside the one at the end; 0: only at the end. Must not be negative. 0 saves
   * only at the end. Unit: whole number, updates. Default 250.
   */
  readonly saveEverySteps?: number
  /**
   * Of every random draw: first values, order of pictures, noise, timesteps, dropped captions. Must not be
   * negative. Any whole number from 0 on will do. Unit: whole number. Default 0.
   */
  readonly seed?: number
  /**
   * Standard deviation of a random brightness added to the noise, drawn per picture and channel. Must not be
   * negative. Usual values are 0 to 0.1. Unit: deviation. Default 0.
   */
  readonly noiseOffset?: number
  /**
   * The part of the denoising that is trained: 0 is the noisy start, 1 the clean end. Start and end must lie
   * between 0 and 1, the start first. { start: 0, end: 1 } trains all of it. Unit: fraction. Default { start: 0,
   * end: 1 }.
   */
  readonly denoising?: DenoisingInput
  /**
   * Min-SNR weighting of the loss (Hang et al. 2023), 5 in the paper; null weighs every timestep the same. Must be
   * greater than 0, or null. 5 is usual. Unit: γ. Default null.
   */
  readonly minSnrGamma?: number | null
  /**
   * Share of the pictures, drawn afresh at each use, that are trained on with an empty caption. Must lie between 0
   * and 1, 1 excluded. 0.05 to 0.1 is usual, 0 drops none. Unit: fraction. Default 0.
   */
  readonly captionDropout?: number
  /**
   * What the UNet predicts, `"epsilon"` or `"v_prediction"`, where a model's configuration is wrong; null: as it
   * says. Unit: word. Default null.
   */
  readonly predictionType?: "epsilon" | "v_prediction" | null
  /**
   * Limit for the length of the whole gradient of a step; null or 0: none. Must not be negative. 0 sets no limit.
   * Unit: norm. Default 1.
   */
  readonly maxGradNorm?: number | null
  /**
   * AdamW's decoupled weight decay, per step and unit of learning rate. Must not be negative. 0.01 is usual. Unit:
   * per step and rate. Default 0.01.
   */
  readonly weightDecay?: number
  /**
   * AdamW's memory of gradients and of their squares. Both must lie between 0 and 1, 1 excluded. [0.9, 0.999] is
   * usual. Unit: fractions. Default [0.9, 0.999].
   */
  readonly betas?: readonly [number, number]
  /** AdamW's guard against division by zero. Must be greater than 0. 1e-8 is usual. Default 1e-8. */
  readonly eps?: number
  /**
   * A snapshot to go on from, every so many steps: how much a killed run can lose. Must be 1 or more. 25 is usual.
   * Unit: whole number, updates. Default 25.
   */
  readonly snapshotEverySteps?: number
  /**
   * `"fast"` keeps all that a step's backward pass reads, `"balanced"` computes again what is cheap, `"small"` as
   * much as it takes to hold three tenths of that; `"auto"` takes the first that fits into the free memory. A
   * training that no memory here holds is refused before any work. Unit: word. Default "auto".
   */
  readonly memory?: "auto" | "fast" | "balanced" | "small"
}
