/**
 * One picture from the base model, with or without a LoRA and an embedding: text to states, noise to latents, latents to pixels.
 *
 * With classifier-free guidance the prompt and the negative prompt share a run of batch two. The starting noise comes
 * from the seed alone, so that the same seed gives comparable pictures over prompts and checkpoints.
 */
import { Effect } from "effect"
import { guide } from "../../diffusion/guidance.ts"
import { stepCountProblem } from "../../diffusion/sampler.ts"
import { samplers } from "../../diffusion/samplers.ts"
import { timeFeatures } from "../../diffusion/time-features.ts"
import { input } from "../../graph/build.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { unet as buildUnet } from "../../models/unet.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import { vaeFactor } from "../../models/vae-config.ts"
import { conditionParts, mapCondition, type TextCondition } from "../../settings/text-condition.ts"
import { type Component, openUnet, openVae } from "../base/base-model.ts"
import { openSchedule } from "../base/open-schedule.ts"
import { checkFamily, openTextNetworks } from "../base/text-networks.ts"
import { frequenciesOf } from "../base/time-ids.ts"
import { bareNetworks, type LoraAdapters, loraAdapters, type NetworkAdapters } from "../encode/lora-adapters.ts"
import { conditionFeeds, conditionNames } from "../encode/text-feeds.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { SampledImage, SampleJob } from "../jobs/host-protocol.ts"
import type { ArrayInPlace } from "../session/session.ts"
import { Sessions } from "../session/sessions.ts"
import { decodeLatents } from "./decode-latents.ts"
import { encodePrompts, sizeFeatures } from "./prompt-conditions.ts"
import { startingNoise } from "./starting-noise.ts"

/** The UNet as a function from latents and timestep to the guided prediction. */
const openDenoiser = Effect.fnUntraced(function* (
  { config, weights }: Component<UnetConfig>,
  adapters: LoraAdapters,
  text: TextCondition<ArrayInPlace>,
  latentShape: readonly number[],
  job: SampleJob,
) {
  const batch = text.states.shape[0]!
  const features = config.block_out_channels[0]!
  const sampleShape = [batch, ...latentShape]
  const sizes = sizeFeatures(config, job, batch)
  const fed = {
    ...conditionFeeds(text),
    ...(text.pooled && { time_id_features: sizes }),
  }
  const session = yield* (yield* Sessions).get({
    kind: "the UNet",
    facts: [...sampleShape, ...conditionParts(text).flatMap(({ shape }) => shape), ...adapters.facts],
    weights,
    build: () => {
      const scope = { weights: weightsFrom(weights.header), adapters: adapters.build() }
      const prediction = buildUnet(scope, config, {
        sample: input("latents", sampleShape),
        timeFeatures: input("time_features", [batch, features]),
        text: mapCondition(text, ({ shape }, part) => input(conditionNames[part], shape)),
        ...(text.pooled && { timeIdFeatures: input("time_id_features", sizes.shape) }),
      })
      return { outputs: { prediction } }
    },
  })
  const size = latentShape.reduce((product, side) => product * side, 1)
  const latents = new Float32Array(batch * size)
  const sinusoids = new Float32Array(batch * features)
  const prediction = new Float32Array(batch * size)
  const run = session.prepare(
    {
      ...adapters.feeds,
      ...fed,
      latents: { data: latents, shape: sampleShape },
      time_features: { data: sinusoids, shape: [batch, features] },
    },
    { prediction: { data: prediction, shape: sampleShape } },
  )
  return Effect.fnUntraced(function* (now: Float32Array, timestep: number) {
    for (let index = 0; index < batch; index++) {
      latents.set(now, index * size)
      sinusoids.set(timeFeatures(timestep, features, frequenciesOf(config)), index * features)
    }
    yield* run
    return batch === 1 ? prediction : guide(prediction.subarray(0, size), prediction.subarray(size), job.guidanceScale)
  })
})

const checkSize = ({ height, width }: SampleJob, multiple: number): Effect.Effect<void, EngineFailure> =>
  height % multiple === 0 && width % multiple === 0
    ? Effect.void
    : inputFailure(
        `a picture of ${width} × ${height} pixels`,
        `this base model paints sides that are multiples of ${multiple}`,
        `Choose multiples of ${multiple}`,
      )

const openAdapters = Effect.fnUntraced(function* (
  { base, lora, encoding }: SampleJob,
  unet: UnetConfig,
): Effect.fn.Return<NetworkAdapters, EngineFailure> {
  if (lora === null) return bareNetworks
  return yield* loraAdapters({ unet, texts: yield* openTextNetworks(base, encoding) }, lora)
})

export const sample = Effect.fn("sample")(function* (job: SampleJob) {
  const unet = yield* openUnet(job.base)
  const vae = yield* openVae(job.base)
  const schedule = yield* openSchedule(job.base, job.predictionType ?? null)
  const factor = vaeFactor(vae.config)
  yield* checkSize(job, factor)
  const problem = stepCountProblem(schedule, job.steps)
  if (problem !== null) return yield* inputFailure("steps of a sample", problem, "20 to 50 steps are usual")

  yield* checkFamily(unet, job.encoding)
  const adapters = yield* openAdapters(job, unet.config)
  const text = yield* encodePrompts(job, { adapters: adapters.texts, embedding: job.embedding })
  const latentShape = [unet.config.in_channels, job.height / factor, job.width / factor] as const
  const denoise = yield* openDenoiser(unet, adapters.unet, text, latentShape, job)
  const plan = samplers[job.sampler].plan(schedule, job.steps)
  const noise = startingNoise(job.seed, latentShape)
  let state = plan.start(noise.map((value) => value * plan.initialNoiseScale))
  while (state.step < plan.timesteps.length) {
    state = plan.next(state, yield* denoise(state.latents, plan.timesteps[state.step]!))
  }
  const pixels = yield* decodeLatents(vae, state.latents, latentShape)
  return { pixels, height: job.height, width: job.width } satisfies SampledImage
})
