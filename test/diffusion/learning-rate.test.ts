import { describe, expect, test } from "vitest"
import { learningRateAt } from "../../src/diffusion/learning-rate.ts"

describe("the learning rate", () => {
  test("climbs to its peak in the warm-up and stays there", () => {
    const rates = [0, 1, 2, 3, 4, 999].map((update) => learningRateAt({ peak: 8, warmupSteps: 4 }, update))
    expect(rates).toEqual([2, 4, 6, 8, 8, 8])
  })

  test("is at its peak from the first update without warm-up", () => {
    expect(learningRateAt({ peak: 1e-4, warmupSteps: 0 }, 0)).toBe(1e-4)
  })

  test("goes down half a cosine after the warm-up and stays at the floor", () => {
    const curve = { kind: "cosine", floor: 2, steps: 12 } as const
    const rates = [3, 4, 8, 12, 100].map((update) => learningRateAt({ peak: 10, warmupSteps: 4, curve }, update))
    expect(rates).toEqual([10, 10, expect.closeTo(6, 12), 2, 2])
  })

  // Factors of transformers' get_wsd_schedule with 30 steps, of which 10 decay linearly to a tenth; computed apart from this code.
  test.each([
    [0, 1],
    [19, 1],
    [20, 1],
    [21, 0.91],
    [25, 0.55],
    [29, 0.19],
    [30, 0.1],
    [99, 0.1],
  ])("is held and then falls along a line at update %i", (update, factor) => {
    const curve = { kind: "hold", floor: 1e-5, decayFromStep: 20, steps: 30 } as const
    expect(learningRateAt({ peak: 1e-4, warmupSteps: 0, curve }, update) / 1e-4).toBeCloseTo(factor, 12)
  })

  test("is held at its peak to the last bit, whatever the floor", () => {
    const curve = { kind: "hold", floor: 1e-5, decayFromStep: 20, steps: 30 } as const
    const rates = [9, 10, 20].map((update) => learningRateAt({ peak: 1e-4 / 3, warmupSteps: 10, curve }, update))
    expect(rates).toEqual([1e-4 / 3, 1e-4 / 3, 1e-4 / 3])
    expect(learningRateAt({ peak: 8, warmupSteps: 4, curve }, 0)).toBe(2)
  })

  // Values of Draw Things' formula with peak 1e-4, 20 warm-up steps, a restart every 200; computed apart from this code.
  test.each([
    [0, 5.0e-6],
    [1, 9.999377e-6],
    [9, 4.974808e-5],
    [18, 9.309508e-5],
    [19, 9.776755e-5],
    [20, 9.752837e-5],
    [99, 5.039467e-5],
    [150, 1.422854e-5],
    [198, 6.230524e-9],
    [199, 1.0e-4],
    [398, 1.0e-4],
  ])("with restarts is Draw Things' saw-tooth at update %i", (update, expected) => {
    const curve = { kind: "cosine-restarts", floor: 0, stepsBetweenRestarts: 200 } as const
    const rate = learningRateAt({ peak: 1e-4, warmupSteps: 20, curve }, update)
    expect(Math.abs(rate / expected - 1)).toBeLessThan(1e-6)
  })
})
