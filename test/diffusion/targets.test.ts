import { Schema } from "effect"
import { expect, test } from "vitest"
import { guide } from "../../src/diffusion/guidance.ts"
import { noiseSchedule } from "../../src/diffusion/noise-schedule.ts"
import { SchedulerConfig } from "../../src/diffusion/scheduler-config.ts"
import { addNoise, target } from "../../src/diffusion/targets.ts"
import { golden, largestDifference } from "./golden.ts"

const scheduleFor = (prediction: "epsilon" | "v_prediction") =>
  noiseSchedule(
    Schema.decodeUnknownSync(SchedulerConfig)({
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: "scaled_linear",
      prediction_type: prediction,
    }),
  )

const { about, float32 } = golden<{ timesteps: readonly number[] }>("noising")
const [latents, noise] = [float32("latents"), float32("noise")]

// Largest entries are about 3: one unit in their last place is 2.4e-7.
const oneUnit = 2.5e-7

test.each(about.timesteps)("latents are noised as diffusers does at t = %i", (t) => {
  const noisy = addNoise(scheduleFor("epsilon"), latents, noise, t)
  expect(largestDifference(noisy, float32(`noisy ${t}`))).toBeLessThan(t === 500 ? oneUnit : 1e-30)
})

test.each(about.timesteps)("the v target is diffusers' velocity at t = %i", (t) => {
  const velocity = target(scheduleFor("v_prediction"), latents, noise, t)
  expect(largestDifference(velocity, float32(`v ${t}`))).toBeLessThan(t === 500 ? oneUnit : 1e-30)
})

test("the ε target is the noise itself", () => {
  expect(target(scheduleFor("epsilon"), latents, noise, 500)).toBe(noise)
})

test("guidance goes from the unprompted prediction past the prompted one", () => {
  const [unprompted, prompted] = [Float32Array.of(1, -2), Float32Array.of(3, -2)]
  expect(guide(unprompted, prompted, 1)).toEqual(prompted)
  expect(guide(unprompted, prompted, 0)).toEqual(unprompted)
  expect(guide(unprompted, prompted, 7.5)).toEqual(Float32Array.of(16, -2))
})
