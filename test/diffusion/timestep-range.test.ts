import { expect, test } from "vitest"
import { timestepFromUniform, timestepRange } from "../../src/diffusion/timestep-range.ts"

test.each([
  [0, 1, 0, 999],
  [0, 0.5, 500, 999],
  [0.7, 1, 0, 300],
  [0.25, 0.75, 250, 749],
  [1, 1, 0, 0],
  [0, 0, 999, 999],
])("denoising from %d to %d draws timesteps %i to %i of 1000", (start, end, lowest, highest) => {
  expect(timestepRange({ start, end }, 1000)).toEqual({ lowest, highest })
})

test("both ends of the range are drawn, and nothing outside", () => {
  const range = { lowest: 3, highest: 6 }
  expect([0, 0.25, 0.5, 0.75, 1 - 2 ** -53].map((uniform) => timestepFromUniform(range, uniform))).toEqual([
    3, 4, 5, 6, 6,
  ])
})
