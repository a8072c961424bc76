/** The trials of which a report shows how far repeats of one point lie from each other: the best ones. */
import type { ShownTrial } from "./facets.ts"

const mostRepeated = 20

export interface RepeatedTrial<Trial extends ShownTrial> {
  readonly trial: Trial
  /** Of the first objective, over the repeats. */
  readonly mean: number
  /** Standard deviation. */
  readonly spread: number
}

/** Best first; none where nothing was repeated. */
export const repeatedTrials = <Trial extends ShownTrial>(trials: readonly Trial[]): readonly RepeatedTrial<Trial>[] =>
  trials
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank! - b.rank!)
    .flatMap((trial) => {
      const [mean, spread] = [trial.objectives[0], trial.spread]
      return typeof mean === "number" && spread !== null ? [{ trial, mean, spread }] : []
    })
    .slice(0, mostRepeated)
