/** What is said of an axis, on made-up sweeps of which it is known what each axis does. */
import { describe, expect, it } from "vitest"
import { type Examined, fewestTrialsToTell, importanceOf } from "../../../src/runtime/importance/importance.ts"
import type { Result } from "../../../src/runtime/importance/value-groups.ts"
import { clear, type MadeUpTrial, madeUpSweep, resultsOn } from "../search/rig/made-up-sweep.ts"

type Axis = Exclude<keyof MadeUpTrial, "loss">

const kinds = { rate: "numbers", rank: "numbers", schedule: "options", idle: "numbers" } as const
const axes = Object.keys(kinds) as readonly Axis[]

const examined = (axis: Axis, trials: readonly MadeUpTrial[]): Examined => ({
  axis,
  kind: kinds[axis],
  results: resultsOn(axis, trials),
})
const counting = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)

/** Largest distance between the share of numbers below x and x itself, of numbers in 0 … 1 (Kolmogorov and Smirnov). */
const distanceFromUniform = (numbers: readonly number[]): number =>
  Math.max(
    ...numbers
      .toSorted((a, b) => a - b)
      .map((one, at) => Math.max((at + 1) / numbers.length - one, one - at / numbers.length)),
  )

describe("the importance of an axis", () => {
  it.each(["idle", "schedule"] as const)("that does nothing (%s) has a uniform chance, in 500 sweeps", (axis) => {
    const found = counting(500).map((seed) => importanceOf(examined(axis, madeUpSweep(seed, 24)), seed)!)
    // Uniform numbers are further away once in a hundred times.
    expect(distanceFromUniform(found.map(({ chance }) => chance))).toBeLessThan(1.63 / Math.sqrt(500))
    // Twenty-five of 500, and three standard deviations of that.
    expect(found.filter(({ standsOut }) => standsOut).length).toBeLessThan(25 + 3 * Math.sqrt(500 * 0.05 * 0.95))
  })

  it.each([
    { of: "12 trials", trials: 12, loss: clear },
    { of: "24 trials", trials: 24, loss: clear },
    { of: "24 trials with a rough loss", trials: 24, loss: { rateWeight: 0.2, noise: 0.2 } },
    { of: "50 trials", trials: 50, loss: clear },
  ])("has an interval, of $of, that holds what 2,000 trials say in 80 of 100 sweeps", ({ trials, loss }) => {
    for (const axis of axes) {
      const { effect } = importanceOf(examined(axis, madeUpSweep(1_000_000, 2000, loss)))!
      const found = counting(100).map((seed) => importanceOf(examined(axis, madeUpSweep(seed, trials, loss)), seed)!)
      const holding = found.filter(({ low, high }) => low <= effect && effect <= high)
      expect(holding.length, axis).toBeGreaterThanOrEqual(80)
    }
  })

  it("has an interval in which the effect lies, and which more trials narrow", () => {
    const widths = [12, 24, 50, 200].map((trials) => {
      const found = counting(10).flatMap((seed) =>
        axes.map((axis) => importanceOf(examined(axis, madeUpSweep(seed, trials)))!),
      )
      for (const { low, effect, high } of found) expect(low <= effect && effect <= high).toBe(true)
      return found.reduce((sum, { low, high }) => sum + high - low, 0) / found.length
    })
    expect(widths[0]).toBeLessThan(0.85)
    expect(widths[1]).toBeLessThan(0.45)
    expect(widths[2]).toBeLessThan(0.25)
    expect(widths[3]).toBeLessThan(0.12)
  })

  it("stands out where the axis makes most of the loss, though no straight line tells what it does", () => {
    const found = counting(40).map((seed) => importanceOf(examined("rate", madeUpSweep(seed, 24)))!)
    expect(found.filter(({ standsOut, effect, noise }) => standsOut && effect > noise && effect > 0.3).length).toBe(40)
  })

  it("is the same for the loss, its logarithm and trials in another order, and asked for twice", () => {
    // Rounded, so that some are equal.
    const trials = madeUpSweep(3, 24).map((trial) => ({ ...trial, loss: Math.round(20 * trial.loss) / 20 }))
    for (const axis of axes) {
      const found = importanceOf(examined(axis, trials))
      const logs = trials.map((trial) => ({ ...trial, loss: Math.log(trial.loss) }))
      expect(importanceOf(examined(axis, logs))).toEqual(found)
      expect(importanceOf(examined(axis, [...trials].reverse()))).toEqual(found)
      expect(JSON.stringify(importanceOf(examined(axis, trials)))).toBe(JSON.stringify(found))
    }
  })

  it("has draws of its own, named by the axis and the seed", () => {
    const trials = madeUpSweep(3, 24)
    const found = importanceOf(examined("idle", trials))!
    const renamed = importanceOf({ ...examined("idle", trials), axis: "other" })!
    const reseeded = importanceOf(examined("idle", trials), 1)!
    for (const other of [renamed, reseeded]) {
      expect(other.effect).toBe(found.effect)
      expect(other.noise).not.toBe(found.noise)
      expect(other.high).not.toBe(found.high)
    }
  })

  it("is 0 with nothing around it, and no news, where all trials came to the same", () => {
    const results = counting(24).map((value) => ({ value, result: 0.25 }))
    const nothing = { trials: 24, effect: 0, low: 0, high: 0, noise: 0, chance: 1, standsOut: false }
    expect(importanceOf({ axis: "x", kind: "numbers", results })).toEqual({ axis: "x", ...nothing })
    const oneValue = results.map((_, result) => ({ value: 4, result }))
    expect(importanceOf({ axis: "x", kind: "options", results: oneValue })).toEqual({ axis: "x", ...nothing })
  })

  it("is not told of fewer than twelve trials with a number", () => {
    const results: readonly Result[] = counting(12).map((value) => ({ value, result: value % 5 }))
    const more = [Number.NaN, Number.POSITIVE_INFINITY].map((result, value) => ({ value, result }))
    expect(fewestTrialsToTell).toBe(12)
    expect(importanceOf({ axis: "x", kind: "numbers", results: [...results, ...more] })?.trials).toBe(12)
    expect(importanceOf({ axis: "x", kind: "numbers", results: [...results.slice(1), ...more] })).toBeUndefined()
  })
})
