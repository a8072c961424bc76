/**
 * The train step: one optimizer update, from drawing its pictures to the new parameters.
 *
 * An update draws A micro-batches, runs them through the training graph (in equal parts, see train-run.ts), averages
 * their gradients, limits the global norm, and applies AdamW at the rate of this update. All of it depends on nothing
 * but job, parameters, moments and step number, which is why a snapshot continues bit for bit.
 */
import { Effect } from "effect"
import { learningRateAt } from "../diffusion/learning-rate.ts"
import { adamWUpdate, clipFactor, gradientNorm } from "./adam-w.ts"
import { type AdapterLayout, adapterLayout, initialParameters } from "./adapter-layout.ts"
import { openUnet, openVaeConfig } from "./base-model.ts"
import { type EngineFailure, inputFailure, workFailure } from "./engine-failure.ts"
import { type MicroBatch, microBatches } from "./micro-batch.ts"
import { openSchedule } from "./open-schedule.ts"
import type { Sessions } from "./sessions.ts"
import { decodeSnapshot, freshState, type TrainState } from "./snapshot.ts"
import type { TrainJob } from "./train-job.ts"
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

export const openTrainer = Effect.fn("openTrainer")(function* (
  job: TrainJob,
): Effect.fn.Return<Trainer, EngineFailure, Sessions> {
  yield* checkJob(job)
  const { settings, samples } = job
  const unet = yield* openUnet(job.base)
  const vae = yield* openVaeConfig(job.base)
  const schedule = yield* openSchedule(job.base, settings.predictionType)
  const layout = adapterLayout(unet.config, settings.networkDim)
  const state =
    job.resume === undefined
      ? freshState(initialParameters(layout, settings.seed))
      : yield* decodeSnapshot(layout, job.resume)
  if (state.step !== job.fromStep) {
    return yield* workFailure(
      "the snapshot to go on from",
      `it was taken after step ${state.step}, not ${job.fromStep}`,
      "Please report this",
    )
  }

  const accumulation = settings.gradientAccumulationSteps
  const perRun = picturesPerRun(accumulation, samples)
  const draw = microBatches(settings, samples, schedule, vae)
  const runs = new Map<string, TrainRun>()
  const runFor = Effect.fnUntraced(function* ({ sample }: MicroBatch) {
    const known = runs.get(`${sample.latentShape}`)
    if (known !== undefined) return known
    const shapes = { pictures: perRun, latents: sample.latentShape, states: sample.statesShape }
    const opened = yield* openTrainRun(unet, layout, state.parameters, settings, schedule, shapes)
    runs.set(`${sample.latentShape}`, opened)
    return opened
  })
  const sums = new Float64Array(layout.length)
  const mean = new Float32Array(layout.length)

  /** Draws and runs the pictures of update `index`; leaves their mean gradient in `mean`. */
  const runPictures = Effect.fnUntraced(function* (index: number) {
    const pictures: TrainedPicture[] = []
    sums.fill(0)
    for (let first = 0; first < accumulation; first += perRun) {
      const drawn = Array.from({ length: perRun }, (_, place) => draw(index, first + place))
      const { run, losses, predictions, gradient } = yield* runFor(drawn[0]!)
      yield* run(drawn)
      for (let at = 0; at < sums.length; at++) sums[at]! += gradient[at]!
      const size = predictions.length / perRun
      drawn.forEach((one, place) => {
        const prediction = predictions.slice(place * size, (place + 1) * size)
        pictures.push({ drawn: one, loss: losses[place]!, prediction })
      })
    }
    for (let at = 0; at < sums.length; at++) mean[at] = sums[at]! * (perRun / accumulation)
    return pictures
  })

  const rates = { peak: settings.unetLearningRate, warmupSteps: settings.warmupSteps }
  const update = Effect.gen(function* () {
    const index = state.step
    const pictures = yield* runPictures(index)
    const gradNorm = gradientNorm(mean)
    yield* checkFinite(index, pictures, gradNorm)
    const learningRate = learningRateAt(rates, index)
    adamWUpdate(state, mean, clipFactor(gradNorm, settings.maxGradNorm), learningRate, index + 1, settings)
    state.step = index + 1
    return { index, pictures, gradient: mean, gradNorm, learningRate }
  })
  return { layout, state, update }
})
