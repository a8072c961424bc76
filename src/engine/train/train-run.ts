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
import { isSdxl, timeIdCount } from "../../models/unet-config.ts"
import type { TrainSettings } from "../../settings/train-settings.ts"
import { frequenciesOf, timeIdFeatures } from "../base/time-ids.ts"
import { textFeeds } from "../encode/text-feeds.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { MemoryMode } from "../jobs/memory-mode.ts"
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
  { pictures, states, pooled }: TrainGraphShapes,
  learned: number,
): {
  readonly feeds: Readonly<Record<string, ArrayInPlace>>
  readonly fill: (text: TrainingText, place: number) => void
} => {
  if (texts.length === 0) {
    const [textStates, textEmbeds] = [filled([pictures, ...states]), filled([pictures, pooled])]
    const fill = ({ states: given, pooled: vector }: TrainingText, place: number) => {
      put(textStates, given!, place)
      if (vector !== null) put(textEmbeds, vector, place)
    }
    return { feeds: { text_states: textStates, ...(pooled > 0 && { text_embeds: textEmbeds }) }, fill }
  }
  const each = texts.map((network) => textFeeds(network, { count: pictures, tokens: states[0]! }, learned))
  const fill = ({ tokenIds }: TrainingText, place: number) => {
    for (const [encoder, one] of each.entries()) one.fill(tokenIds[encoder]!, place)
  }
  return { feeds: Object.assign({}, ...each.map(({ feeds }) => feeds)), fill }
}

/** Opens the session for pictures of this shape, over these parameters; without a memory mode it gives losses alone. */
export const openTrainRun = Effect.fn("openTrainRun")(function* (
  networks: TrainedNetworks,
  layout: AdapterLayout,
  parameters: Float32Array,
  settings: TrainSettings,
  schedule: NoiseSchedule,
  shapes: TrainGraphShapes,
  mode: MemoryMode | null,
): Effect.fn.Return<TrainRun, EngineFailure, Sessions> {
  const { unet } = networks
  const weights = trainedWeights(networks)
  const { pictures, latents, states, pooled } = shapes
  const session = yield* (yield* Sessions).get({
    kind: mode === null ? "the validation graph" : trainingGraph,
    facts: [
      ...[pictures, ...latents, ...states, pooled, settings.networkDim, settings.networkScale, settings.clipSkip],
      ...layout.groups.map(({ group, start, end }) => `${group} ${end - start}`),
      mode ?? "no gradient",
    ],
    weights,
    build: () => {
      const trained = { layout, scale: settings.networkScale, clipSkip: settings.clipSkip }
      if (mode === null) return lossGraph(networks, trained, shapes)
      const differentiated = trainGraph(networks, trained, shapes)
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
  const sizes = filled([pictures, timeIdCount * (unet.config.addition_time_embed_dim ?? 0)])
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
  const added = isSdxl(unet.config) ? { time_id_features: sizes } : {}
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
    gradient,
  }
})
