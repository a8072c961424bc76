/** What is drawn in training has the promised distribution, and no draw moves another. */
import { Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { noiseSchedule } from "../../src/diffusion/noise-schedule.ts"
import { SchedulerConfig } from "../../src/diffusion/scheduler-config.ts"
import { timestepRange } from "../../src/diffusion/timestep-range.ts"
import { type MicroBatch, microBatches } from "../../src/engine/train/micro-batch.ts"
import { decodeVaeConfig } from "../../src/models/vae-config.ts"
import type { TrainSettings } from "../../src/settings/train-settings.ts"
import { tinyJob } from "./tiny-job.ts"

const schedule = noiseSchedule(Schema.decodeUnknownSync(SchedulerConfig)({}))
const vae = Effect.runSync(decodeVaeConfig({}))
const channels = 4
const area = 64

const texts = {
  captions: [0, 1, 2].map((id) => ({ tokenIds: [[id]], condition: null })),
  empty: { tokenIds: [[99]], condition: null },
}

/** The first draws under these settings, three micro-batches per update. */
const draws = (
  count: number,
  settings: Partial<(typeof TrainSettings)["~type.make.in"]> = {},
): readonly MicroBatch[] => {
  const job = tinyJob({}, 1, { gradientAccumulationSteps: 3, noiseOffset: 0, ...settings })
  const draw = microBatches(job.settings, job.samples, texts, schedule, vae)
  return Array.from({ length: count }, (_, index) => draw(Math.floor(index / 3), index % 3))
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, one) => sum + one, 0) / values.length

/** Wilson and Hilferty: a chi-square sum as a normal score. */
const normalScore = (chiSquare: number, freedom: number): number => {
  const spread = 2 / (9 * freedom)
  return ((chiSquare / freedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread)
}

const channelMeans = ({ noise }: MicroBatch): readonly number[] =>
  Array.from({ length: channels }, (_, channel) => mean(noise.subarray(channel * area, (channel + 1) * area)))

describe("timesteps", () => {
  it.each([
    [0, 1, 0, 999],
    [0, 0.5, 500, 999],
    [0.5, 1, 0, 500],
    [0.7, 1, 0, 300],
    [0.9, 0.92, 80, 100],
    [0.5, 0.5, 500, 500],
  ])("of the denoising range %d to %d are uniform over %i to %i, both included", (start, end, lowest, highest) => {
    expect(timestepRange({ start, end }, 1000)).toEqual({ lowest, highest })
    const count = 6000
    const seen = draws(count, { denoising: { start, end } }).map(({ timestep }) => timestep)
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(lowest)
    expect(Math.max(...seen)).toBeLessThanOrEqual(highest)
    const range = highest - lowest + 1
    const cells = Math.min(range, 20)
    if (cells === 1) return
    const counts = new Array<number>(cells).fill(0)
    const sizes = new Array<number>(cells).fill(0)
    const cellOf = (t: number) => Math.floor(((t - lowest) * cells) / range)
    for (let t = lowest; t <= highest; t++) sizes[cellOf(t)]!++
    for (const t of seen) counts[cellOf(t)]!++
    const expected = sizes.map((size) => (count * size) / range)
    const chiSquare = counts.reduce((sum, one, cell) => sum + (one - expected[cell]!) ** 2 / expected[cell]!, 0)
    expect(Math.abs(normalScore(chiSquare, cells - 1))).toBeLessThan(5)
    if (range <= 21) expect(new Set(seen).size).toBe(range)
  })
})

describe("the noise offset", () => {
  it.each([0, 0.05, 0.3])(
    "of %d adds a normal number of that deviation to each channel of each picture",
    (noiseOffset) => {
      const all = draws(1500, { noiseOffset })
      const means = all.flatMap(channelMeans)
      // A channel's mean has the variance of the offset and that of the mean of 64 normals.
      const variance = noiseOffset ** 2 + 1 / area
      expect(Math.abs(mean(means)) / Math.sqrt(variance / means.length)).toBeLessThan(5)
      const chiSquare = means.reduce((sum, one) => sum + one ** 2, 0) / variance
      expect(Math.abs(normalScore(chiSquare, means.length))).toBeLessThan(5)
      // Channels have nothing to do with each other.
      const products = all.map((one) => channelMeans(one)[0]! * channelMeans(one)[1]!)
      expect(Math.abs(mean(products)) / (variance / Math.sqrt(products.length))).toBeLessThan(5)
    },
  )

  it("is the same in every place of a channel, and leaves the noise around it alone", () => {
    const [plain, offset] = [draws(6), draws(6, { noiseOffset: 0.3 })]
    offset.forEach(({ noise }, index) => {
      const added = noise.map((value, at) => value - plain[index]!.noise[at]!)
      for (let channel = 0; channel < channels; channel++) {
        const ofChannel = added.subarray(channel * area, (channel + 1) * area)
        expect(Math.max(...ofChannel) - Math.min(...ofChannel)).toBeLessThan(1e-5)
      }
      expect(new Set([0, 1, 2, 3].map((channel) => added[channel * area]!.toFixed(3))).size).toBe(channels)
    })
  })
})

describe("caption dropout", () => {
  it.each([0, 0.1, 0.5])("of %d replaces that share of the captions by the empty one", (captionDropout) => {
    const count = 5000
    const dropped = draws(count, { captionDropout }).filter(({ text }) => text === texts.empty).length
    const deviation = Math.sqrt(count * captionDropout * (1 - captionDropout))
    expect(Math.abs(dropped - count * captionDropout)).toBeLessThanOrEqual(5 * deviation)
  })
})

describe("the streams", () => {
  const told = ({ sample, timestep, latents, noise }: MicroBatch) => ({ key: sample.key, timestep, latents, noise })

  it.each([
    ["caption dropout", { captionDropout: 0.5 }],
    ["a trained text encoder", { textModel: { learningRate: 1e-4 } }],
    ["an embedding", { customEmbedding: { keyword: "sks", length: 4, learningRate: 1e-3 } }],
    ["another schedule", { schedule: { kind: "cosine", floor: 0, steps: 9 } as const }],
    ["min-SNR", { minSnrGamma: 5 }],
  ])("of pictures, latents, noise and timesteps are not moved by %s", (_, settings) => {
    expect(draws(30, settings).map(told)).toEqual(draws(30).map(told))
  })

  it("of pictures, latents and noise are not moved by another denoising range", () => {
    const withoutTimestep = (one: MicroBatch) => ({ ...told(one), timestep: 0 })
    const narrow = draws(30, { denoising: { start: 0.2, end: 0.3 } })
    expect(narrow.map(withoutTimestep)).toEqual(draws(30).map(withoutTimestep))
  })

  it("of all purposes give a draw the same values whichever draws were made before", () => {
    const job = tinyJob({}, 1, { gradientAccumulationSteps: 3, noiseOffset: 0.1, captionDropout: 0.3 })
    const make = () => microBatches(job.settings, job.samples, texts, schedule, vae)
    const [forwards, backwards] = [make(), make()]
    const updates = [0, 1, 2, 3, 4]
    const first = updates.map((update) => forwards(update, 1))
    const second = updates.toReversed().map((update) => backwards(update, 1))
    expect(second.toReversed()).toEqual(first)
  })
})
