/**
 * One run of the training graph: arrays for its feeds and results, filled and read in place.
 *
 * Several pictures of an update may share a run: their losses are averaged in the graph, which is the same sum as
 * running them one by one, at a fraction of the cost for small pictures.
 */
import { Effect } from "effect"
import { minSnrWeight } from "../../diffusion/loss-weight.ts"
import type { NoiseSchedule } from "../../diffusion/noise-schedule.ts"
import { addNoise, target } from "../../diffusion/targets.ts"
import { timeFeatures } from "../../diffusion/time-features.ts"
import { timeIdFeatureWidth } from "../../models/unet-config.ts"
import type { MemoryMode } from "../../settings/memory-mode.ts"
import { mapCondition } from "../../settings/text-condition.ts"
import { frequenciesOf, timeIdFeatures } from "../base/time-ids.ts"
import { conditionFeeds, textFeeds } from "../encode/text-feeds.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import { withCheckpointing } from "../session/checkpointing-policy.ts"
import { liesInBlock } from "../session/run-memory.ts"
import type { ArrayInPlace } from "../session/session.ts"
import { Sessions } from "../session/sessions.ts"
import { shapesIn } from "../session/weight-memory.ts"
import { type AdapterLayout, matricesOf, viewOf } from "./adapter-layout.ts"
import type { MicroBatch } from "./micro-batch.ts"
import {
  gradientName,
  lossGraph,
  type TrainedNetworks,
  type TrainGraphShapes,
  trainedWeights,
  trainGraph,
  trainingGraph,
} from "./train-graph.ts"
import type { TrainingText } from "./training-texts.ts"

/** What a run trains: the networks, where the parameters lie, and their values, read in place. */
export interface TrainedParameters {
  readonly networks: TrainedNetworks
  readonly layout: AdapterLayout
  readonly parameters: Float32Array
}

/** What is asked of the UNet, and how an error counts. */
export interface Objective {
  readonly schedule: NoiseSchedule
  /** null: every timestep weighs the same. */
  readonly minSnrGamma: number | null
}

export interface TrainRun {
  /** Fills the feeds, runs, and leaves the results in the three arrays. */
  readonly run: (pictures: readonly MicroBatch[]) => Effect.Effect<void, EngineFailure>
  /** Weighted loss of each picture. */
  readonly losses: Float32Array
  /** Predictions side by side. */
  readonly predictions: Float32Array
  /** Gradient of the mean loss, in the layout of the parameters; stays zero in a run without gradient. */
  readonly gradient: Float32Array
}

const filled = (shape: readonly number[]) => ({
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
  shape,
})

/** Puts values in their place among those of a run. */
const put = ({ data }: { readonly data: Float32Array }, values: Float32Array, place: number): void =>
  data.set(values, place * values.length)

/** What a caption becomes in a run: ids where the graph holds the text encoders, states where it does not. */
const captionFeeds = (
  { texts }: TrainedNetworks,
  { pictures, text }: TrainGraphShapes,
  learned: number,
): {
  readonly feeds: Readonly<Record<string, ArrayInPlace>>
  readonly fill: (text: TrainingText, place: number) => void
} => {
  if (texts.length === 0) {
    const fed = mapCondition(text, (shape) => filled([pictures, ...shape]))
    const fill = ({ condition }: TrainingText, place: number) => {
      mapCondition(fed, (feed, part) => put(feed, condition![part]!, place))
    }
    return { feeds: conditionFeeds(fed), fill }
  }
  const each = texts.map((network) => textFeeds(network, { count: pictures, tokens: text.states[0]! }, learned))
  const fill = ({ tokenIds }: TrainingText, place: number) => {
    for (const [encoder, one] of each.entries()) one.fill(tokenIds[encoder]!, place)
  }
  return { feeds: Object.assign({}, ...each.map(({ feeds }) => feeds)), fill }
}

/** Opens the session for pictures of this shape, over these parameters; without a memory mode it gives losses alone. */
export const openTrainRun = Effect.fn("openTrainRun")(function* (
  { networks, layout, parameters }: TrainedParameters,
  { schedule, minSnrGamma }: Objective,
  shapes: TrainGraphShapes,
  mode: MemoryMode | null,
): Effect.fn.Return<TrainRun, EngineFailure, Sessions> {
  const { unet } = networks
  const weights = trainedWeights(networks)
  const { pictures, latents, text } = shapes
  const session = yield* (yield* Sessions).get({
    kind: mode === null ? "the validation graph" : trainingGraph,
    facts: [JSON.stringify({ spec: layout.spec, skips: networks.texts.map(({ skip }) => skip), shapes, mode })],
    weights,
    build: () => {
      if (mode === null) return lossGraph(networks, layout, shapes)
      const differentiated = trainGraph(networks, layout, shapes)
      const { graph, peakBytes } = withCheckpointing(differentiated, mode, shapesIn(weights.storedBytes))
      return { ...graph, recomputes: mode !== "fast", inBlock: liesInBlock(peakBytes, mode) }
    },
  })
  const features = unet.config.block_out_channels[0]!
  const feeds = {
    noisy_latents: filled([pictures, ...latents]),
    target: filled([pictures, ...latents]),
    time_features: filled([pictures, features]),
    loss_weight: filled([pictures]),
  }
  const sizes = filled([pictures, timeIdFeatureWidth(unet.config)])
  const captions = captionFeeds(networks, shapes, layout.embeddings[0]?.shape[0] ?? 0)
  const adapters: Record<string, ArrayInPlace> = Object.fromEntries(
    matricesOf(layout).map((matrix) => [matrix.name, { data: viewOf(parameters, matrix), shape: matrix.shape }]),
  )
  const results = {
    loss: filled([pictures]),
    prediction: filled([pictures, ...latents]),
  }
  const gradient = new Float32Array(layout.length)
  const gradientParts = Object.fromEntries(
    matricesOf(layout).map((matrix) => [gradientName(matrix), { data: viewOf(gradient, matrix), shape: matrix.shape }]),
  )
  const added = text.pooled === null ? {} : { time_id_features: sizes }
  const prepared = session.prepare(
    { ...adapters, ...feeds, ...added, ...captions.feeds },
    mode === null ? results : { ...results, ...gradientParts },
  )

  const fill = ({ sample, text, timestep, latents: clean, noise }: MicroBatch, place: number): void => {
    put(feeds.noisy_latents, addNoise(schedule, clean, noise, timestep), place)
    put(feeds.target, target(schedule, clean, noise, timestep), place)
    put(feeds.time_features, timeFeatures(timestep, features, frequenciesOf(unet.config)), place)
    put(sizes, timeIdFeatures(unet.config, sample.timeIds), place)
    captions.fill(text, place)
    feeds.loss_weight.data[place] = minSnrWeight(schedule, timestep, minSnrGamma)
  }
  return {
    run: (batch) =>
      Effect.suspend(() => {
        batch.forEach(fill)
        return prepared
      }),
    losses: results.loss.data,
    predictions: results.prediction.data,
    gradient,
  }
})
