import { Schema } from "effect"
import { describe, expect, test } from "vitest"
import { minSnrWeight } from "../../src/diffusion/loss-weight.ts"
import { noiseSchedule, signalToNoise } from "../../src/diffusion/noise-schedule.ts"
import { SchedulerConfig } from "../../src/diffusion/scheduler-config.ts"
import { golden, largestDifference } from "./golden.ts"

const decode = Schema.decodeUnknownSync(SchedulerConfig)

const sd1 = {
  _class_name: "PNDMScheduler",
  _diffusers_version: "0.6.0",
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
}

describe("the noise schedule", () => {
  const { about, float32 } = golden<{ configs: Record<string, unknown> }>("noise-schedules")

  const rescaled = "sd1 zero terminal snr"

  test.each(Object.keys(about.configs).filter((name) => name !== rescaled))(
    "is diffusers' own bit for bit: %s",
    (name) => {
      const { alphasCumprod, trainTimesteps } = noiseSchedule(decode(about.configs[name]))
      expect(trainTimesteps).toBe(float32(name).length)
      expect(Array.from(alphasCumprod)).toEqual(Array.from(float32(name)))
    },
  )

  test("is diffusers' own to a few float32 steps after the rescale to zero terminal SNR", () => {
    const { alphasCumprod } = noiseSchedule(decode(about.configs[rescaled]))
    expect(largestDifference(alphasCumprod, float32(rescaled))).toBeLessThan(5e-7)
    expect(alphasCumprod.at(-1)).toBe(0)
  })

  test("comes from Stable Diffusion 1.5's own scheduler file", () => {
    const schedule = noiseSchedule(decode(sd1))
    expect(schedule.predictionType).toBe("epsilon")
    expect(schedule.sampling).toEqual({
      timestepSpacing: null,
      stepsOffset: 1,
      setAlphaToOne: false,
      finalSigmasType: "zero",
      lowerOrderFinal: true,
      zeroTerminalSnr: false,
    })
  })

  test.each([
    { prediction_type: "sample" },
    { beta_schedule: "sigmoid" },
    { num_train_timesteps: 0 },
    { timestep_spacing: "karras" },
  ])("refuses a scheduler file that says %o", (part) => {
    expect(() => decode({ ...sd1, ...part })).toThrow()
  })
})

/** t, ᾱ, SNR, min-SNR γ = 1 (ε), γ = 5 (ε), γ = 5 (v), ᾱ after the zero-SNR rescale; computed apart from this code, in float64. */
const table: readonly (readonly [number, number, number, number, number, number, number])[] = [
  [0, 0.99915, 1175.470588, 0.000851, 0.004254, 0.00425, 0.99915],
  [1, 0.99829603, 585.864048, 0.001707, 0.008534, 0.00852, 0.99823345],
  [10, 0.99043131, 103.507504, 0.009661, 0.048306, 0.047843, 0.98979373],
  [100, 0.89422348, 8.453894, 0.118289, 0.591443, 0.528883, 0.88676128],
  [250, 0.67379263, 2.065535, 0.484136, 1, 0.673793, 0.65245702],
  [500, 0.27633268, 0.38185, 1, 1, 0.276333, 0.24101878],
  [750, 0.05616985, 0.059513, 1, 1, 0.05617, 0.03279912],
  [900, 0.01415114, 0.014354, 1, 1, 0.014151, 0.00296039],
  [999, 0.0046601, 0.004682, 1, 1, 0.00466, 0],
]

describe("Stable Diffusion's schedule by the table", () => {
  const schedule = noiseSchedule(decode(sd1))
  const rescaled = noiseSchedule(decode({ ...sd1, rescale_betas_zero_snr: true, prediction_type: "v_prediction" }))

  test.each(table)("t = %i", (t, alphaBar, snr, gamma1, gamma5, gamma5v, alphaBarRescaled) => {
    // The schedule is float32: it meets the table to 1e-6, and where 1 − ᾱ cancels (small t) the SNR to 1e-4 of itself.
    const near = (value: number | undefined, expected: number, tolerance: number) =>
      expect(Math.abs((value ?? Number.NaN) - expected)).toBeLessThan(tolerance)
    near(schedule.alphasCumprod[t], alphaBar, 1e-6)
    near(signalToNoise(schedule, t) / snr, 1, 1e-4)
    near(minSnrWeight(schedule, t, 1), gamma1, 3e-6)
    near(minSnrWeight(schedule, t, 5), gamma5, 3e-6)
    near(minSnrWeight(schedule, t, 5, "v_prediction"), gamma5v, 3e-6)
    near(rescaled.alphasCumprod[t], alphaBarRescaled, 2e-6)
  })

  test("falls under SNR 1 at t = 354 and under SNR 5 at t = 147", () => {
    const firstUnder = (limit: number) => schedule.alphasCumprod.findIndex((_, t) => signalToNoise(schedule, t) < limit)
    expect([firstUnder(1), firstUnder(5)]).toEqual([354, 147])
  })
})

describe("the min-SNR weight", () => {
  test("is 1 everywhere without γ", () => {
    expect(minSnrWeight(noiseSchedule(decode(sd1)), 3, null)).toBe(1)
  })

  test("is 1 for ε and 0 for v where nothing of the picture is left", () => {
    const schedule = noiseSchedule(decode({ ...sd1, rescale_betas_zero_snr: true }))
    expect(signalToNoise(schedule, 999)).toBe(0)
    expect(minSnrWeight(schedule, 999, 5)).toBe(1)
    expect(minSnrWeight(schedule, 999, 5, "v_prediction")).toBe(0)
  })
})
