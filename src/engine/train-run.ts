/**
 * One run of the training graph: arrays for its feeds and results, filled and read in place.
 *
 * Several pictures of an update may share a run: their losses are averaged in the graph, which is the same sum as
 * running them one by one, at a fraction of the cost for small pictures.
 */
import { Effect } from "effect"
import { minSnrWeight } from "../diffusion/loss-weight.ts"
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts"
import { addNoise, target } from "../diffusion/targets.ts"
import { timeFeatures } from "../diffusion/time-features.ts"
import { withRecomputation } from "../graph/recompute.ts"
import { type AdapterLayout, matricesOf, viewOf } from "./adapter-layout.ts"
import { type GraphWeights, joinWeights } from "./component-weights.ts"
import type { EngineFailure } from "./engine-failure.ts"
import { type MemoryMode, workPerKeptByte } from "./memory-mode.ts"
import type { MicroBatch } from "./micro-batch.ts"
import type { ArrayInPlace } from "./session.ts"
import { Sessions } from "./sessions.ts"
import { textFeeds } from "./text-feeds.ts"
import { type TrainedNetworks, type TrainGraphShapes, trainGraph } from "./train-graph.ts"
import type { TrainSample } from "./train-job.ts"
import type { TrainSettings } from "./train-settings.ts"
import { embeddingIdsOf } from "./training-texts.ts"

export interface TrainRun {
  /** Fills the feeds, runs, and leaves the results in the three arrays. */
  readonly run: (pictures: readonly MicroBatch[]) => Effect.Effect<void, EngineFailure>
  /** Weighted loss of each picture. */
  readonly losses: Float32Array
  /** Predictions side by side. */
  readonly predictions: Float32Array
  /** Gradient of the mean loss, in the layout of the parameters. */
  readonly gradient: Float32Array
}

/** Latent elements of one channel that may be in one run: a single picture of 512 × 512 pixels. */
const latentAreaPerRun = 64 * 64

/** How many pictures of an update share a run: as many as fit, in equal parts. Settings alone decide, no machine. */
export const picturesPerRun = (accumulation: number, samples: readonly TrainSample[]): number => {
  const shapes = new Set(samples.map(({ latentShape }) => `${latentShape}`))
  const [, height = 1, width = 1] = samples[0]?.latentShape ?? []
  if (shapes.size !== 1) return 1
  let pictures = accumulation
  while (pictures > 1 && (accumulation % pictures !== 0 || pictures * height * width > latentAreaPerRun)) pictures--
  return pictures
}

/** In the words of a failure. */
export const trainingGraph = "the training graph"

/** All frozen weights that the training graph reads. */
export const trainedWeights = ({ unet, textEncoder }: TrainedNetworks): GraphWeights =>
  textEncoder === null ? unet.weights : joinWeights({ unet: unet.weights, text_encoder: textEncoder.weights })

const filled = (shape: readonly number[]) => ({
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
  shape,
})

/** Opens the session for pictures of this shape, over these parameters. */
export const openTrainRun = Effect.fn("openTrainRun")(function* (
  { unet, textEncoder }: TrainedNetworks,
  layout: AdapterLayout,
  parameters: Float32Array,
  settings: TrainSettings,
  schedule: NoiseSchedule,
  shapes: TrainGraphShapes,
  mode: MemoryMode,
): Effect.fn.Return<TrainRun, EngineFailure, Sessions> {
  const { pictures, latents, states } = shapes
  const session = yield* (yield* Sessions).get({
    kind: trainingGraph,
    facts: [
      ...[pictures, ...latents, ...states, settings.networkDim, settings.networkScale, settings.clipSkip],
      ...layout.groups.map(({ group, start, end }) => `${group} ${end - start}`),
      mode,
    ],
    weights: trainedWeights({ unet, textEncoder }),
    build: () => {
      const trained = { layout, scale: settings.networkScale, clipSkip: settings.clipSkip }
      const graph = withRecomputation(trainGraph({ unet, textEncoder }, trained, shapes), workPerKeptByte[mode])
      return { ...graph, recomputes: mode !== "fast" }
    },
  })
  const { block_out_channels, flip_sin_to_cos, freq_shift } = unet.config
  const features = block_out_channels[0]!
  const feeds = {
    noisy_latents: filled([pictures, ...latents]),
    target: filled([pictures, ...latents]),
    time_features: filled([pictures, features]),
    loss_weight: filled([pictures]),
  }
  const textStates = filled([pictures, ...states])
  const embedding = settings.customEmbedding
  const texts = textFeeds(
    pictures,
    states[0]!,
    embedding && textEncoder && embeddingIdsOf(textEncoder.config, embedding),
  )
  const captions = textEncoder === null ? { text_states: textStates } : texts.feeds
  const adapters: Record<string, ArrayInPlace> = Object.fromEntries(
    matricesOf(layout).map((matrix) => [matrix.name, { data: viewOf(parameters, matrix), shape: matrix.shape }]),
  )
  const results = {
    loss: filled([pictures]),
    prediction: filled([pictures, ...latents]),
    gradient: filled([layout.length]),
  }
  const prepared = session.prepare({ ...adapters, ...feeds, ...captions }, results)

  const fill = ({ text, timestep, latents: clean, noise }: MicroBatch, place: number): void => {
    feeds.noisy_latents.data.set(addNoise(schedule, clean, noise, timestep), place * clean.length)
    feeds.target.data.set(target(schedule, clean, noise, timestep), place * clean.length)
    const sinusoids = timeFeatures(timestep, features, { flipSinToCos: flip_sin_to_cos, freqShift: freq_shift })
    feeds.time_features.data.set(sinusoids, place * features)
    if (text.states === null) texts.fill(text.tokenIds, place)
    else textStates.data.set(text.states, place * text.states.length)
    feeds.loss_weight.data[place] = minSnrWeight(schedule, timestep, settings.minSnrGamma)
  }
  return {
    run: (batch) =>
      Effect.suspend(() => {
        batch.forEach(fill)
        return prepared
      }),
    losses: results.loss.data,
    predictions: results.prediction.data,
    gradient: results.gradient.data,
  }
})
