/**
 * Made-up learning curves, the same doubles as in `test/reference/make_asha_golden.py`: additions, multiplications and divisions
 * alone, in one order.
 */
import { randomNumbers } from "./random-numbers.ts"

export const toyRungs = [50, 150, 300] as const

/** The loss of a trial (from 1) at each rung: falls towards a floor, fast or slowly, with noise at each look. */
export const toyCurve = (seed: number, trial: number, noise: number): readonly number[] => {
  const draw = randomNumbers(seed * 1000 + trial)
  const floor = draw()
  const halfway = 20 + 60 * draw()
  return toyRungs.map((rung) => {
    let spread = 0
    for (let count = 0; count < 12; count++) spread += draw()
    return floor + 1 / (1 + rung / halfway) + noise * (spread - 6)
  })
}
