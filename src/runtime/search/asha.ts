/** Asynchronous successive halving as a user asks for it: rungs, how many stay behind, and who suggests the trials. */
import { sayValue } from "../model/say-value.ts"
import { defaultVirtualWorkers } from "./decisions.ts"
import { type Halving, halvingProblems } from "./halving.ts"
import { random } from "./random.ts"
import type { Searcher } from "./searcher.ts"
import type { SearcherProblem } from "./searcher-problem.ts"

/** What `asha` is told: `rungs` are required. */
export interface AshaOptions {
  /**
   * Steps at which trials are compared, increasing. The last is where the best of them end: write the steps of a whole trial. A trial
   * that is shorter than a rung is compared there with what it has at its own end.
   */
  readonly rungs: readonly number[]
  /**
   * One trial in so many goes on from a rung to the next. Default 3. With 4, fewer steps are trained and the best trial is lost more
   * often; with 2 it is the other way round.
   */
  readonly reduction?: number
  /** Suggests the trials. Default `random()`. */
  readonly searcher?: Searcher
  /**
   * Virtual workers. Default 4. So many jobs are always under way when the next one is decided, whatever really runs: the number
   * belongs to what the sweep is, and another one decides otherwise. How many trainings really run at once has no influence, but
   * they cannot be more than this. A larger number lets more run at once, and each decision knows less.
   */
  readonly workers?: number
}

/** Asynchronous halving, as `asha` gives it. */
export interface Asha {
  readonly kind: "asha"
  readonly searcher: Searcher
  readonly halving: Halving
  readonly virtualWorkers: number
}

/**
 * Trains all trials a little and only the best of them to the end: each is stopped at the first rung, and goes on to the next when
 * it is among the best third of those seen there. Nobody waits for a rung to fill up. A stopped trial loses nothing: it goes on
 * from where it is as soon as it belongs to the best.
 *
 * To choose a search:
 * - `exhaustive()`: all points of a small space. Trials that share their first steps share the training.
 * - `sobol()`: spread evenly; to learn what matters (importance) in a few dozen trials.
 * - `random()`: no assumptions; as good as any for very few trials.
 * - `tpe()`: learns from results, so for the best value from some 20 trials on.
 * - `asha({ rungs })` around any of them: where an early loss tells a late one. 24 trials with rungs 50, 150, 300 train about 0.37 of
 *   the steps of 24 whole ones.
 *
 * The same sweep decides the same on every machine, with any number of real workers, after any interruption, and from a
 * full cache: results count in the order of a virtual clock that measures steps, not time. What it decides first does not depend on
 * the number of trials, so that a sweep can be enlarged.
 *
 * At least one trial is sure to reach the last rung when there are reduction ^ (rungs − 1) trials, 9 for three rungs; with fewer
 * it may be that none does. A trial that fails at a rung is not counted there.
 *
 * @example
 * asha({ rungs: [50, 150, 300] })
 */
export const asha = ({
  rungs,
  reduction = 3,
  searcher = random(),
  workers = defaultVirtualWorkers,
}: AshaOptions): Asha => ({
  kind: "asha",
  searcher,
  halving: { rungs, reduction },
  virtualWorkers: workers,
})

/** What is wrong with what `asha` was given, of whatever type it is; told before anything runs. */
export const ashaProblems = ({ halving, virtualWorkers }: Asha): readonly SearcherProblem[] => [
  ...halvingProblems(halving),
  ...workerProblems(virtualWorkers),
]

const workerProblems = (workers: unknown): readonly SearcherProblem[] => {
  if (Number.isSafeInteger(workers) && (workers as number) >= 1) return []
  const why = `there have to be a whole number of virtual workers from 1 on; this is ${sayValue(workers)}`
  return [{ field: "workers", why, hint: "Leave it out to have 4" }]
}
