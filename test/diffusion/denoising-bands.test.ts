import { expect, test } from "vitest"
import { bandOf, evenTimesteps, lossByBand } from "../../src/diffusion/denoising-bands.ts"

test.each([
  [999, 0],
  [750, 0],
  [749, 1],
  [500, 1],
  [499, 2],
  [250, 2],
  [249, 3],
  [0, 3],
])("timestep %i of 1000 lies in quarter %i of the denoising", (timestep, band) => {
  expect(bandOf(timestep, 1000)).toBe(band)
})

test.each([4, 8, 12, 40])("%i even timesteps fall into the quarters in equal parts, the noisiest first", (count) => {
  const timesteps = evenTimesteps(count, 1000)
  expect(timesteps).toEqual([...timesteps].sort((a, b) => b - a))
  const bands = timesteps.map((timestep) => bandOf(timestep, 1000))
  expect([0, 1, 2, 3].map((band) => bands.filter((one) => one === band).length)).toEqual(Array(4).fill(count / 4))
})

test("eight even timesteps are the middles of eighths", () => {
  expect(evenTimesteps(8, 1000)).toEqual([937, 812, 687, 562, 437, 312, 187, 62])
})

test("a quarter's loss is the mean of what was measured in it, and nothing where nothing was", () => {
  const measured = [
    { timestep: 900, loss: 1 },
    { timestep: 800, loss: 2 },
    { timestep: 10, loss: 8 },
  ]
  expect(lossByBand(measured, 1000)).toEqual([1.5, undefined, undefined, 8])
})
