/**
 * The train step: one optimizer update, from drawing its pictures to the new parameters.
 *
 * An update draws A micro-batches, runs them through the training graph (in equal parts, see train-run.ts), averages
 * their gradients, limits the global norm over all that is trained in this update, and applies AdamW to each group at its
 * own rate. All of it depends on nothing
 * but job, parameters, moments and step number, which is why a snapshot continues bit for bit.
 */
import { Effect } from "effect"
import type { NoiseSchedule } from "../../diffusion/noise-schedule.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import type { VaeConfig } from "../../models/vae-config.ts"
import { trainsText } from "../../settings/adapter-spec.ts"
import type { MemoryMode } from "../../settings/memory-mode.ts"
import type { OptimizerSettings } from "../../settings/train-settings.ts"
import { type TrainedStart, trainedStart } from "../../settings/trained-start.ts"
import { readVaeConfig } from "../base/base-config.ts"
import { type Component, openUnet } from "../base/base-model.ts"
import { openSchedule } from "../base/open-schedule.ts"
import { checkFamily, openTextNetworks, type TextNetwork } from "../base/text-networks.ts"
import { type EngineFailure, inputFailure, workFailure } from "../jobs/engine-failure.ts"
import type { TrainFacts, Training, TrainSample } from "../jobs/train-job.ts"
import { Sessions } from "../session/sessions.ts"
import { adamWUpdate, clipFactor, gradientNorm } from "./adam-w.ts"
import { type AdapterLayout, adapterLayout, type GroupRange, initialParameters, viewOf } from "./adapter-layout.ts"
import { initialEmbedding } from "./embedding-start.ts"
import { immovableModules } from "./immovable.ts"
import { type LearningRates, learningRatesAt, peakRates } from "./learning-rates.ts"
import { type MicroBatch, microBatches } from "./micro-batch.ts"
import { planTraining } from "./plan-training.ts"
import { picturesPerRun, shapesFor } from "./run-shapes.ts"
import { freshState, readSnapshot, type TrainState } from "./snapshot.ts"
import type { TrainedNetworks } from "./train-graph.ts"
import { type Objective, openTrainRun, type TrainedParameters, type TrainRun } from "./train-run.ts"
import { type CaptionsRead, checkMentioned, type TrainingTexts, trainingTexts } from "./training-texts.ts"

/** What one update did. The arrays are reused by the next one. */
export interface Update {
  /** From 0. */
  readonly index: number
  readonly pictures: readonly TrainedPicture[]
  /** Averaged over the pictures, before clipping. Of a group that is held it means nothing. */
  readonly gradient: Float32Array
  /** Over the groups that are trained. */
  readonly gradNorm: number
  /** Of the groups that are trained in this update. */
  readonly learningRates: LearningRates
}

export interface TrainedPicture {
  readonly drawn: MicroBatch
  readonly loss: number
  readonly prediction: Float32Array
}

export interface Trainer {
  readonly layout: AdapterLayout
  readonly state: TrainState
  readonly facts: TrainFacts
  /** Keys of the adapters that cannot move on these pictures (immovable.ts); worked out when it is asked for. */
  readonly immovable: () => ReadonlySet<string>
  /** Does the next update, in place. */
  readonly update: Effect.Effect<Update, EngineFailure, Sessions>
}

const checkJob = ({ samples, settings }: Training): Effect.Effect<void, EngineFailure> => {
  if (samples.length === 0) return inputFailure("training", "there are no pictures", "Give at least one picture")
  if (Object.keys(peakRates(settings)).length === 0) {
    return inputFailure("unetLearningRate", "0 trains nothing", "Choose a rate above 0; 1e-4 is usual")
  }
  return Effect.void
}

/** Names what stopped being a number, so that the picture and the step can be looked at. */
const checkFinite = (update: number, pictures: readonly TrainedPicture[], gradNorm: number) => {
  const lost = pictures.find(({ loss }) => !Number.isFinite(loss))
  if (lost === undefined && Number.isFinite(gradNorm)) return Effect.void
  const keys = (lost === undefined ? pictures : [lost]).map(({ drawn }) => drawn.sample.key).join(", ")
  return workFailure(
    `step ${update + 1}, picture ${keys}`,
    lost === undefined ? "the gradient is no longer a finite number" : `the loss became ${lost.loss}`,
    "Choose a lower learning rate, or go on without this picture",
  )
}

/** An update's pictures as trained on, and the mean of their gradients. */
type RunPictures = (update: number) => Effect.Effect<Pick<Update, "pictures" | "gradient">, EngineFailure, Sessions>

/** The networks, and what the graphs are fed with besides parameters. */
export interface Networks extends TrainedNetworks {
  readonly unet: Component<UnetConfig>
  readonly vae: VaeConfig
  readonly schedule: NoiseSchedule
  readonly captions: TrainingTexts
}

/** The run for pictures of a sample's shape, opened at its first use. */
export const runsByShape = (
  trained: TrainedParameters,
  objective: Objective,
  perRun: number,
  mode: MemoryMode | null,
) => {
  const runs = new Map<string, TrainRun>()
  return Effect.fnUntraced(function* (sample: TrainSample) {
    const known = runs.get(`${sample.latentShape}`)
    if (known !== undefined) return known
    const opened = yield* openTrainRun(trained, objective, shapesFor(sample, perRun), mode)
    runs.set(`${sample.latentShape}`, opened)
    return opened
  })
}

const pictureRunner = (
  { settings, samples }: Training,
  networks: Networks,
  layout: AdapterLayout,
  parameters: Float32Array,
  mode: MemoryMode,
): RunPictures => {
  const accumulation = settings.gradientAccumulationSteps
  const perRun = picturesPerRun(accumulation, samples)
  const draw = microBatches(settings, samples, networks.captions, networks.schedule, networks.vae)
  const objective = { schedule: networks.schedule, minSnrGamma: settings.minSnrGamma }
  const runFor = runsByShape({ networks, layout, parameters }, objective, perRun, mode)
  const isSplit = perRun < accumulation
  const sums = new Float64Array(isSplit ? layout.length : 0)
  const mean = new Float32Array(isSplit ? layout.length : 0)

  return Effect.fnUntraced(function* (update) {
    const pictures: TrainedPicture[] = []
    sums.fill(0)
    for (let first = 0; first < accumulation; first += perRun) {
      const drawn = Array.from({ length: perRun }, (_, place) => draw(update, first + place))
      const { run, losses, predictions, gradient } = yield* runFor(drawn[0]!.sample)
      yield* run(drawn)
      const size = predictions.length / perRun
      drawn.forEach((one, place) => {
        const prediction = predictions.slice(place * size, (place + 1) * size)
        pictures.push({ drawn: one, loss: losses[place]!, prediction })
      })
      if (!isSplit) return { pictures, gradient }
      for (let at = 0; at < sums.length; at++) sums[at]! += gradient[at]!
    }
    for (let at = 0; at < sums.length; at++) mean[at] = sums[at]! * (perRun / accumulation)
    return { pictures, gradient: mean }
  })
}

const startingState = (
  { resume, fromStep }: Training,
  layout: AdapterLayout,
  start: Effect.Effect<Float32Array, EngineFailure>,
) =>
  Effect.gen(function* () {
    const state = resume === undefined ? freshState(yield* start) : yield* readSnapshot(resume.path, layout)
    if (state.step === fromStep) return state
    return yield* workFailure(
      "the snapshot to go on from",
      `it was taken after step ${state.step}, not ${fromStep}`,
      "Please report this",
    )
  })

const partOf = (state: TrainState, { start, end }: GroupRange) => ({
  parameters: state.parameters.subarray(start, end),
  moment1: state.moment1.subarray(start, end),
  moment2: state.moment2.subarray(start, end),
})

/** One update of the groups that have a rate: one norm over all of them, then each at its own rate. */
const applyUpdate = (
  { groups }: AdapterLayout,
  state: TrainState,
  gradient: Float32Array,
  rates: LearningRates,
  settings: OptimizerSettings,
) => {
  const trained = groups.filter(({ group }) => rates[group] !== undefined)
  const gradientOf = ({ start, end }: GroupRange) => gradient.subarray(start, end)
  const gradNorm = Math.hypot(...trained.map((range) => gradientNorm(gradientOf(range))))
  const factor = clipFactor(gradNorm, settings.maxGradNorm)
  const apply = () => {
    for (const range of trained) {
      adamWUpdate(partOf(state, range), gradientOf(range), factor, rates[range.group]!, state.step + 1, settings)
    }
    state.step++
  }
  return { gradNorm, apply }
}

/** Adapters and embedding as a new training starts with them. */
const firstValues = Effect.fnUntraced(function* (
  layout: AdapterLayout,
  texts: readonly TextNetwork[],
  { embedding, seed }: Pick<TrainedStart, "embedding" | "seed">,
) {
  const parameters = initialParameters(layout, seed)
  if (embedding === null) return parameters
  for (const [place, matrix] of layout.embeddings.entries()) {
    viewOf(parameters, matrix).set(yield* initialEmbedding(texts[place]!, embedding, seed))
  }
  return parameters
})

const factsOf = ({ modules, embeddings }: AdapterLayout, { texts, captions }: Networks): Omit<TrainFacts, "memory"> => {
  const count = (network: string) => modules.filter((module) => module.network === network).length
  return {
    unetModules: count("unet"),
    textEncoders: texts.flatMap(({ folder, encoder: { config }, layersRun }) => {
      const layers = { run: layersRun, layers: config.num_hidden_layers }
      return count(folder) === 0 ? [] : [{ modules: count(folder), ...layers }]
    }),
    embeddingTokens: embeddings[0]?.shape[0] ?? 0,
    captions: captions.facts,
  }
}

/** What is trained, on which base and with which captions. */
export interface NetworksWanted
  extends TrainedStart,
    Pick<CaptionsRead, "base" | "encoding" | "samples" | "dropsCaptions"> {}

/** What a training needs before its first number: networks, layout, and the values everything starts from. */
export const openNetworks = Effect.fn("openNetworks")(function* (wanted: NetworksWanted) {
  const { base, encoding, spec } = wanted
  const texts = trainsText(spec) ? yield* openTextNetworks(base, encoding) : []
  const networks: Networks = {
    unet: yield* openUnet(base),
    texts,
    vae: yield* readVaeConfig(base),
    schedule: yield* openSchedule(base, wanted.predictionType),
    captions: yield* trainingTexts(wanted, texts),
  }
  yield* checkFamily(networks.unet, encoding)
  const layout = adapterLayout({ unet: networks.unet.config, texts }, spec)
  return { networks, layout, start: firstValues(layout, texts, wanted) }
})

export const openTrainer = Effect.fn("openTrainer")(function* (
  job: Training,
): Effect.fn.Return<Trainer, EngineFailure, Sessions> {
  yield* checkJob(job)
  const { base, encoding, settings, samples, memory: choice = "auto" } = job
  const { networks, layout, start } = yield* openNetworks({
    ...{ base, encoding, samples, dropsCaptions: settings.captionDropout > 0 },
    ...trainedStart(settings),
  })
  yield* checkMentioned(job, networks.captions)
  const state = yield* startingState(job, layout, start)
  // The plan counts on the memory that this process has taken; sessions of encoders would still hold theirs.
  yield* (yield* Sessions).releaseAll
  const { gradientAccumulationSteps } = settings
  const held = { parentBytes: job.parentBytes ?? 0, hostBytes: process.memoryUsage.rss() }
  const memory = yield* planTraining({ samples, gradientAccumulationSteps, memory: choice, held }, networks, layout)
  const runPictures = pictureRunner(job, networks, layout, state.parameters, memory.mode)

  const update = Effect.gen(function* () {
    const index = state.step
    const { pictures, gradient } = yield* runPictures(index)
    const learningRates = learningRatesAt(settings, index)
    const { gradNorm, apply } = applyUpdate(layout, state, gradient, learningRates, settings)
    yield* checkFinite(index, pictures, gradNorm)
    apply()
    return { index, pictures, gradient, gradNorm, learningRates }
  })
  const immovable = () => immovableModules(networks, layout, samples)
  return { layout, state, facts: { ...factsOf(layout, networks), memory }, immovable, update }
})
