/**
 * The validation loss: how well pictures that were not trained on are denoised, at timesteps and with noise that never change.
 *
 * Only the trained numbers differ from one checkpoint to the next, so a difference of two losses means something, where
 * the training loss jumps with every draw. The graph is the training's own, without its backward pass. Every timestep
 * weighs the same, whatever the training weighs; latents are the middle of the VAE's distribution.
 */
import { Effect } from "effect"
import { fillNormal, randomStream } from "../../diffusion/random-stream.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"
import type { ValidateJob, ValidationLosses } from "../jobs/host-protocol.ts"
import type { TrainSample } from "../jobs/train-job.ts"
import type { Sessions } from "../session/sessions.ts"
import { type AdapterLayout, viewOf } from "./adapter-layout.ts"
import { type MicroBatch, meanLatents } from "./micro-batch.ts"
import { picturesPerRun } from "./run-shapes.ts"
import { type Networks, openNetworks, runsByShape } from "./trainer.ts"

/** The noise of a picture at the timestep of this place: a function of these alone. */
export const validationNoise = (seed: number, { key, mean }: TrainSample, place: number): Float32Array =>
  fillNormal(
    new Float32Array(mean.length),
    randomStream({ seed, purpose: "validation-noise", step: place, sample: key }),
  )

/** Puts the numbers of a training's files in their places. */
const fillTrained = (layout: AdapterLayout, parameters: Float32Array, { adapter, embedding }: ValidateJob): void => {
  const modules = new Map(adapter?.map((one) => [one.key, one]))
  for (const { key, down, up } of adapter === null ? [] : layout.modules) {
    const stored = modules.get(key)
    if (stored === undefined) throw new Error(`it has no ${key}`)
    viewOf(parameters, down).set(stored.down)
    viewOf(parameters, up).set(stored.up)
  }
  if (embedding === null) return
  for (const [encoder, matrix] of layout.embeddings.entries()) viewOf(parameters, matrix).set(embedding[encoder]!.data)
}

const chunks = <A>(list: readonly A[], size: number): readonly (readonly A[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size))

/** A picture at every timestep. */
const drawnFor = (
  { seed, timesteps }: ValidateJob,
  { captions, vae }: Networks,
  sample: TrainSample,
  index: number,
): readonly MicroBatch[] => {
  const latents = meanLatents(sample, vae)
  const text = captions.captions[index]!
  return timesteps.map((timestep, place) => {
    const noise = validationNoise(seed, sample, place)
    return { sample, text, timestep, latents, noise }
  })
}

export const validate = Effect.fn("validate")(function* (
  job: ValidateJob,
): Effect.fn.Return<ValidationLosses, EngineFailure, Sessions> {
  const { base, encoding, samples } = job
  const { networks, layout, start } = yield* openNetworks({
    base,
    encoding,
    samples,
    ...job.trained,
    dropsCaptions: false,
  })
  const parameters = yield* start
  yield* Effect.try({
    try: () => fillTrained(layout, parameters, job),
    catch: (thrown) => inputFailure("the checkpoint to validate", wordsOf(thrown), "Train it again"),
  })
  const perRun = picturesPerRun(job.timesteps.length, samples)
  const objective = { schedule: networks.schedule, minSnrGamma: null }
  const runFor = runsByShape({ networks, layout, parameters }, objective, perRun, null)
  const losses = yield* Effect.forEach(samples, (sample, index) =>
    Effect.gen(function* () {
      const { run, losses } = yield* runFor(sample)
      const found: number[] = []
      for (const drawn of chunks(drawnFor(job, networks, sample, index), perRun)) {
        yield* run(drawn)
        found.push(...losses)
      }
      return found
    }),
  )
  return { losses }
})
