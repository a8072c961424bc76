/**
 * How a sampler spreads its steps over the timesteps, number for number as diffusers does with NumPy.
 *
 * `divisions` is the number of parts the whole is cut into: DDIM cuts it into as many as it has steps, DPM++ 2M into
 * one more and leaves out the cleanest timestep.
 */
import type { TimestepSpacing } from "./scheduler-config.ts"

/** NumPy's `round`: halves go to the even neighbour. */
const roundHalfEven = (value: number): number => {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** `np.linspace(0, last, count)`; the last value is set, not computed. */
const linspace = (last: number, count: number): readonly number[] => {
  const step = last / Math.max(1, count - 1)
  return range(count).map((i) => (i === count - 1 && count > 1 ? last : i * step))
}

export interface Spacing {
  readonly spacing: TimestepSpacing
  readonly trainTimesteps: number
  readonly steps: number
  /** DPM++ 2M's extra division. */
  readonly extra: 0 | 1
  readonly stepsOffset: number
}

/** Timesteps, noisiest first. */
export const spacedTimesteps = ({ spacing, trainTimesteps, steps, extra, stepsOffset }: Spacing): readonly number[] => {
  const divisions = steps + extra
  switch (spacing) {
    case "linspace":
      return linspace(trainTimesteps - 1, divisions)
        .map(roundHalfEven)
        .reverse()
        .slice(0, steps)
    case "leading": {
      const ratio = Math.floor(trainTimesteps / divisions)
      return range(divisions)
        .map((i) => i * ratio + stepsOffset)
        .reverse()
        .slice(0, steps)
        .map((timestep) => Math.min(timestep, trainTimesteps - 1))
    }
    case "trailing": {
      // np.arange steps by the difference of its first two values, not by the step given.
      const step = trainTimesteps - trainTimesteps / steps - trainTimesteps
      return range(steps).map((i) => roundHalfEven(trainTimesteps + i * step) - 1)
    }
  }
}
