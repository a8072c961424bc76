import { describe, expect, test } from "vitest"
import { type TimeFeatureOptions, timeFeatures } from "../../src/diffusion/time-features.ts"
import { golden, largestDifference } from "./golden.ts"

interface About {
  readonly timesteps: readonly number[]
  readonly cases: Readonly<Record<string, TimeFeatureOptions & { readonly dim: number }>>
}

const { about, float32 } = golden<About>("time-features")

const rows = Object.entries(about.cases).flatMap(([name, { dim, ...options }]) =>
  about.timesteps.map((t, row) => ({
    ours: timeFeatures(t, dim, options),
    theirs: float32(name).subarray(row * dim, (row + 1) * dim),
    t,
  })),
)

describe("time features", () => {
  test("differ from diffusers' by at most one step of float32 in the angle", () => {
    for (const { ours, theirs, t } of rows) {
      // The angle reaches t; a float32 of that size has steps of t · 2^-23 at most, sin and cos move by no more.
      expect(largestDifference(ours, theirs)).toBeLessThanOrEqual(6e-8 + t * 2 ** -23)
    }
  })

  test("are diffusers' to the last digit of float32 in all but one of fifty entries", () => {
    const differences = rows.flatMap(({ ours, theirs }) => Array.from(ours, (value, i) => Math.abs(value - theirs[i]!)))
    expect(differences.filter((difference) => difference > 6e-8).length).toBeLessThan(differences.length / 50)
  })

  test("put cosines first unless told otherwise, and leave an odd last one at 0", () => {
    expect(timeFeatures(0, 4)).toEqual(Float32Array.of(1, 1, 0, 0))
    expect(timeFeatures(0, 4, { flipSinToCos: false })).toEqual(Float32Array.of(0, 0, 1, 1))
    expect(timeFeatures(0, 5).at(-1)).toBe(0)
  })
})
