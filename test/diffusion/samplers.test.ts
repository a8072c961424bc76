import { createHash } from "node:crypto"
import { Schema } from "effect"
import { describe, expect, test } from "vitest"
import { noiseSchedule } from "../../src/diffusion/noise-schedule.ts"
import { type SamplerPlan, stepCountProblem } from "../../src/diffusion/sampler.ts"
import { samplers } from "../../src/diffusion/samplers.ts"
import { SchedulerConfig } from "../../src/diffusion/scheduler-config.ts"
import type { SamplerName } from "../../src/settings/sampler-name.ts"
import { golden, goldenText, largestDifference } from "./golden.ts"

interface Case {
  readonly sampler: SamplerName
  readonly config: unknown
  readonly steps: number
}

const { about, float32, values } = golden<{ cases: Record<string, Case> }>("trajectories")

const scheduleOf = (config: unknown) => noiseSchedule(Schema.decodeUnknownSync(SchedulerConfig)(config))

const toyModel = (latents: Float32Array, timestep: number): Float32Array =>
  latents.map((latent) => Math.tanh(0.8 * latent + (timestep / 1000 - 0.2)))

const walk = (plan: SamplerPlan, noise: Float32Array): readonly number[] => {
  const rows = [...noise]
  let state = plan.start(noise)
  while (state.step < plan.timesteps.length) {
    state = plan.next(state, toyModel(state.latents, plan.timesteps[state.step]!))
    rows.push(...state.latents)
  }
  return rows
}

describe("a sampler walks diffusers' path", () => {
  test.each(Object.keys(about.cases))("%s", (name) => {
    const { sampler, config, steps } = about.cases[name]!
    const plan = samplers[sampler].plan(scheduleOf(config), steps)
    expect(plan.timesteps).toEqual(Array.from(values(`${name}, timesteps`), Number))
    const theirs = float32(name)
    const scale = Math.max(...theirs.map(Math.abs))
    expect(largestDifference(walk(plan, float32("start")), theirs) / scale).toBeLessThan(1e-6)
  })
})

describe("timesteps", () => {
  const digests = JSON.parse(goldenText("timestep-digests.json")) as Record<string, string>

  test.each(Object.keys(digests))("are diffusers' for every step count: %s", (name) => {
    const [sampler, spacing] = name.split(", ") as [SamplerName, string]
    const schedule = scheduleOf({ timestep_spacing: spacing, steps_offset: 1 })
    const lines = Array.from({ length: 998 }, (_, i) => samplers[sampler].plan(schedule, i + 1).timesteps.join(","))
    expect(createHash("sha256").update(lines.join("\n")).digest("hex")).toBe(digests[name])
  })

  test("never leave the schedule", () => {
    const schedule = scheduleOf({ timestep_spacing: "leading", steps_offset: 1 })
    expect(samplers["DPM++ 2M"].plan(schedule, 999).timesteps[0]).toBe(999)
  })

  test("cannot be had for no step, half a step, or as many as there are timesteps", () => {
    const schedule = scheduleOf({})
    expect(stepCountProblem(schedule, 20)).toBeNull()
    for (const steps of [0, 2.5, 1000]) {
      expect(stepCountProblem(schedule, steps)).toBe(`a sampler takes 1 to 999 steps, not ${steps}`)
    }
  })
})

test("a state can be gone back to: the same step from it gives the same latents", () => {
  const plan = samplers["DPM++ 2M"].plan(scheduleOf({}), 5)
  const noise = float32("start")
  const first = plan.next(plan.start(noise), toyModel(noise, plan.timesteps[0]!))
  const prediction = toyModel(first.latents, plan.timesteps[1]!)
  expect(plan.next(first, prediction)).toEqual(plan.next(first, prediction))
})
