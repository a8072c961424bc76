/**
 * Sweeps of random trials over four axes with a made-up loss: one axis makes nearly all of it, one a little, two nothing.
 *
 * The loss has its valley in the middle of the rate, so no straight line tells what the rate does.
 */
import type { Result } from "../../../../src/runtime/importance/value-groups.ts"
import { randomNumbers } from "./random-numbers.ts"

export interface MadeUpTrial {
  readonly rate: number
  readonly rank: number
  readonly schedule: number
  /** Does nothing. */
  readonly idle: number
  readonly loss: number
}

export interface MadeUpLoss {
  /** How much the rate's distance from its best value matters. */
  readonly rateWeight: number
  readonly noise: number
}

/** The rate makes nearly all of it. */
export const clear: MadeUpLoss = { rateWeight: 1, noise: 0.05 }

export const madeUpSweep = (
  seed: number,
  trials: number,
  { rateWeight, noise }: MadeUpLoss = clear,
): readonly MadeUpTrial[] => {
  const random = randomNumbers(seed)
  const below = (count: number): number => Math.floor(count * random())
  return Array.from({ length: trials }, () => {
    const [power, doublings, schedule, idle] = [2 * random() - 4, below(4), below(3), random()]
    const loss = 0.1 + rateWeight * (power + 3) ** 2 + 0.02 * (3 - doublings) + noise * (random() + random() - 1)
    return { rate: 10 ** power, rank: 4 * 2 ** doublings, schedule, idle, loss }
  })
}

export const resultsOn = (
  axis: Exclude<keyof MadeUpTrial, "loss">,
  trials: readonly MadeUpTrial[],
): readonly Result[] => trials.map((trial) => ({ value: trial[axis], result: trial.loss }))
