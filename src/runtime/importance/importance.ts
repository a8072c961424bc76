/**
 * How much an axis matters for what came of the trials, and how sure that is: an effect with its interval, and the line below which it is noise.
 *
 * It is honest with a few dozen trials: shares are not made to add up to 1, so that an axis that does nothing is not given one, and
 * nothing is said under twelve trials. It depends on what each trial's value and result are, and on the axis's name, which names the draws;
 * not on the order of trials, other axes, or any scale of the result.
 */
import { type Draws, drawsOf } from "../search/draws.ts"
import { rankEffect } from "./rank-effect.ts"
import {
  type GroupedTrials,
  groupedByValue,
  type OrderedTrials,
  orderedTrials,
  type Result,
  type ValueKind,
} from "./value-groups.ts"

/** An axis, and what came of the trials for which it is there. */
export interface Examined {
  readonly axis: string
  readonly kind: ValueKind
  /** What is not finite is left out. */
  readonly results: readonly Result[]
}

export interface Importance {
  readonly axis: string
  /** How many trials it was seen in. */
  readonly trials: number
  /** Share of the spread of ranks that the axis explains, from 0 to 1: see `rankEffect`. */
  readonly effect: number
  /** Ends of a 90 % interval. */
  readonly low: number
  readonly high: number
  /** What an axis that does nothing exceeds once in twenty times. */
  readonly noise: number
  /** How often an axis that does nothing reaches the effect, from 1/401 to 1. */
  readonly chance: number
  /** The effect is above the noise line. */
  readonly standsOut: boolean
}

/** With fewer trials, all that can be told from noise is what needs no test. */
export const fewestTrialsToTell = 12

const permutations = 400
const resamples = 999

/** The smallest of the drawn numbers that a share of all such draws stays below. */
const quantile = (sorted: Float64Array, share: number): number =>
  Math.max(0, sorted[Math.ceil(share * (sorted.length + 1)) - 1]!)

/** Effects of the same groups when results fall to trials by chance, rising. */
const effectsByChance = (groups: GroupedTrials, draws: Draws): Float64Array => {
  const group = new Int32Array(groups.group.length)
  const shuffle = (): void => {
    const order = draws.permutation(group.length)
    for (let at = 0; at < group.length; at++) group[at] = groups.group[order[at]!]!
  }
  const effects = new Float64Array(permutations)
  for (let at = 0; at < permutations; at++) {
    shuffle()
    effects[at] = rankEffect({ ...groups, group })
  }
  return effects.sort()
}

/** Effects in as many trials, drawn among these with repetition and put into groups anew, rising. */
const effectsResampled = (trials: OrderedTrials, draws: Draws): Float64Array => {
  const times = new Int32Array(trials.level.length)
  const draw = (): void => {
    times.fill(0)
    for (let drawn = 0; drawn < times.length; drawn++) times[draws.below(times.length)]! += 1
  }
  const effects = new Float64Array(resamples)
  for (let at = 0; at < resamples; at++) {
    draw()
    effects[at] = rankEffect(groupedByValue(trials, times), times)
  }
  return effects.sort()
}

/** undefined: there are too few trials to say anything. */
export const importanceOf = ({ axis, kind, results }: Examined, seed = 0): Importance | undefined => {
  const finite = results.filter(({ value, result }) => Number.isFinite(value) && Number.isFinite(result))
  if (finite.length < fewestTrialsToTell) return undefined
  const trials = orderedTrials(finite, kind)
  const groups = groupedByValue(trials)
  const found = rankEffect(groups)
  const byChance = effectsByChance(groups, drawsOf({ seed, purpose: "importance-chance", axis }))
  const resampled = effectsResampled(trials, drawsOf({ seed, purpose: "importance-interval", axis }))
  const effect = Math.max(0, found)
  const noise = quantile(byChance, 0.95)
  return {
    axis,
    trials: finite.length,
    effect,
    low: quantile(resampled, 0.05),
    high: quantile(resampled, 0.95),
    noise,
    chance: (1 + byChance.filter((one) => one >= found).length) / (permutations + 1),
    standsOut: effect > noise,
  }
}
