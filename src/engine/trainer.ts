/**
 * The train step: one optimizer update, from drawing its pictures to the new parameters.
 *
 * An update draws A micro-batches, runs them through the training graph (in equal parts, see train-run.ts), averages
 * their gradients, limits the global norm, and applies AdamW at the rate of this update. All of it depends on nothing
 * but job, parameters, moments and step number, which is why a snapshot continues bit for bit.
 */
import { Effect } from "effect"
import { learningRateAt } from "../diffusion/learning-rate.ts"
import type { NoiseSchedule } from "../diffusion/noise-schedule.ts"
import type { UnetConfig } from "../models/unet-config.ts"
import type { VaeConfig } from "../models/vae-config.ts"
import { adamWUpdate, clipFactor, gradientNorm } from "./adam-w.ts"
import { type AdapterLayout, adapterLayout, initialParameters } from "./adapter-layout.ts"
import { type Component, openUnet, openVaeConfig } from "./base-model.ts"
import { type EngineFailure, inputFailure, workFailure } from "./engine-failure.ts"
import { type MicroBatch, microBatches } from "./micro-batch.ts"
import { openSchedule } from "./open-schedule.ts"
import type { Sessions } from "./sessions.ts"
import { decodeSnapshot, freshState, type TrainState } from "./snapshot.ts"
import type { TrainJob, TrainSample } from "./train-job.ts"
import { openTrainRun, picturesPerRun, type TrainRun } from "./train-run.ts"

/** What one update did. The arrays are reused by the next one. */
export interface Update {
  /** From 0. */
  readonly index: number
  readonly pictures: readonly TrainedPicture[]
  /** Averaged over the pictures, before clipping. */
  readonly gradient: Float32Array
  readonly gradNorm: number
  readonly learningRate: number
}

export interface TrainedPicture {
  readonly drawn: MicroBatch
  readonly loss: number
  readonly prediction: Float32Array
}

export interface Trainer {
  readonly layout: AdapterLayout
  readonly state: TrainState
  /** Does the next update, in place. */
  readonly update: Effect.Effect<Update, EngineFailure, Sessions>
}

const checkJob = ({ samples, settings }: TrainJob): Effect.Effect<void, EngineFailure> => {
  if (samples.length === 0) return inputFailure("training", "there are no pictures", "Give at least one picture")
  if (settings.unetLearningRate === 0) {
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

interface Networks {
  readonly unet: Component<UnetConfig>
  readonly vae: VaeConfig
  readonly schedule: NoiseSchedule
}

const pictureRunner = (
  { settings, samples }: TrainJob,
  { unet, vae, schedule }: Networks,
  layout: AdapterLayout,
  parameters: Float32Array,
): RunPictures => {
  const accumulation = settings.gradientAccumulationSteps
  const perRun = picturesPerRun(accumulation, samples)
  const draw = microBatches(settings, samples, schedule, vae)
  const runs = new Map<string, TrainRun>()
  const runFor = Effect.fnUntraced(function* ({ latentShape, statesShape }: TrainSample) {
    const known = runs.get(`${latentShape}`)
    if (known !== undefined) return known
    const shapes = { pictures: perRun, latents: latentShape, states: statesShape }
    const opened = yield* openTrainRun(unet, layout, parameters, settings, schedule, shapes)
    runs.set(`${latentShape}`, opened)
    return opened
  })
  const sums = new Float64Array(layout.length)
  const mean = new Float32Array(layout.length)

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
      if (perRun === accumulation) return { pictures, gradient }
      for (let at = 0; at < sums.length; at++) sums[at]! += gradient[at]!
    }
    for (let at = 0; at < sums.length; at++) mean[at] = sums[at]! * (perRun / accumulation)
    return { pictures, gradient: mean }
  })
}

const startingState = ({ resume, settings, fromStep }: TrainJob, layout: AdapterLayout) =>
  Effect.gen(function* () {
    const state =
      resume === undefined
        ? freshState(initialParameters(layout, settings.seed))
        : yield* decodeSnapshot(layout, resume)
    if (state.step === fromStep) return state
    return yield* workFailure(
      "the snapshot to go on from",
      `it was taken after step ${state.step}, not ${fromStep}`,
      "Please report this",
    )
  })

export const openTrainer = Effect.fn("openTrainer")(function* (
  job: TrainJob,
): Effect.fn.Return<Trainer, EngineFailure, Sessions> {
  yield* checkJob(job)
  const { base, settings } = job
  const networks: Networks = {
    unet: yield* openUnet(base),
    vae: yield* openVaeConfig(base),
    schedule: yield* openSchedule(base, settings.predictionType),
  }
  const layout = adapterLayout(networks.unet.config, settings.networkDim)
  const state = yield* startingState(job, layout)
  const runPictures = pictureRunner(job, networks, layout, state.parameters)
  const rates = { peak: settings.unetLearningRate, warmupSteps: settings.warmupSteps }

  const update = Effect.gen(function* () {
    const index = state.step
    const { pictures, gradient } = yield* runPictures(index)
    const gradNorm = gradientNorm(gradient)
    yield* checkFinite(index, pictures, gradNorm)
    const learningRate = learningRateAt(rates, index)
    adamWUpdate(state, gradient, clipFactor(gradNorm, settings.maxGradNorm), learningRate, index + 1, settings)
    state.step = index + 1
    return { index, pictures, gradient, gradNorm, learningRate }
  })
  return { layout, state, update }
})
