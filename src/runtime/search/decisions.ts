/**
 * The decisions of a sweep: which trial is started or trained further next, given what can be seen by then.
 *
 * Results are seen in the order of a virtual clock (`virtual-clock.ts`), never in the order in which they come: a result that
 * comes early waits. So the list of decisions is the same with one real worker or eight, whatever jobs last, and when a sweep is
 * gone through again from what was written down. Which decision comes next depends on neither the number of trials nor on any
 * budget: a sweep with more trials begins like the smaller one.
 *
 * Asynchronous halving after Li et al., "A system for massively parallel hyperparameter tuning" (arXiv 1810.05934): a free worker
 * trains on the best trial that may go on from the highest rung, and starts a new trial where there is none.
 */
import type { Point } from "./dimension.ts"
import { type Halving, placesIn, type Stretch, stretchesOf } from "./halving.ts"
import type { Job, JobResult } from "./job.ts"
import type { Search, Searched, Searcher, Seen } from "./searcher.ts"
import { type VirtualClock, virtualClock } from "./virtual-clock.ts"

/** Results are seen with the delay that so many workers would bring about. */
export const defaultVirtualWorkers = 4

export interface Decided extends Searched {
  readonly searcher: Searcher
  /** At most so many trials are started. A whole number from 0 on. */
  readonly trials: number
  /** A whole number from 1 on. Part of what the sweep is; has nothing to do with how many workers there really are. Default 4. */
  readonly virtualWorkers?: number
  /** null: every trial is trained to its end in one job. */
  readonly halving: Halving | null
  /** Steps of a trial that is trained to its end; null where there are none to count. */
  readonly stepsOf: (point: Point) => number | null
}

export interface Decisions {
  /** Decided and not yet settled, in the order of decision. All of them can be worked on at once. */
  readonly open: () => readonly Job[]
  /**
   * Says what came of an open job; returns what is decided thereby, often nothing. A value that is not finite is a failure.
   * Throws what the searcher throws (`NothingAccepted`), and an Error for a job that is not open.
   */
  readonly settle: (decision: number, result: JobResult) => readonly Job[]
  /** Every job is settled and nothing is left to decide. */
  readonly isOver: () => boolean
  /** All jobs decided so far, in the order of decision. */
  readonly decided: () => readonly Job[]
  /** What is seen of every trial started so far, in order of their numbers: what the searcher would be shown. */
  readonly seen: () => readonly Seen[]
}

interface Trial {
  readonly trial: number
  readonly point: Point
  readonly stretches: readonly [Stretch, ...Stretch[]]
  /** How many jobs of it were decided. */
  begun: number
}

/** A result that is seen. */
interface Ranked {
  readonly value: number
  readonly trial: Trial
}

interface State {
  readonly rules: Decided
  readonly search: Search
  readonly clock: VirtualClock
  readonly jobs: Job[]
  /** Of open jobs, and of settled ones that cannot be seen yet. */
  readonly results: Map<number, JobResult | undefined>
  readonly trials: Trial[]
  readonly seen: Seen[]
  /** What is seen at each rung, best first. */
  readonly rungs: Ranked[][]
  visible: number
  /** The searcher has nothing left to suggest. */
  isExhausted: boolean
}

/** Begins to decide; the first jobs are open at once. Throws what the searcher throws. */
export const beginDecisions = (rules: Decided): Decisions => {
  const { dimensions, seed, accepts } = rules
  const state: State = {
    rules,
    search: rules.searcher.begin({ dimensions, seed, accepts }),
    clock: virtualClock(rules.virtualWorkers ?? defaultVirtualWorkers),
    jobs: [],
    results: new Map(),
    trials: [],
    seen: [],
    rungs: (rules.halving?.rungs ?? [0]).map(() => []),
    visible: 0,
    isExhausted: false,
  }
  decide(state)
  return {
    open: () =>
      [...state.results].flatMap(([decision, result]) => (result === undefined ? [state.jobs[decision]!] : [])),
    settle: (decision, result) => {
      if (!isOpen(state, decision)) throw new Error(`decision ${decision} is not open`)
      const before = state.jobs.length
      state.results.set(decision, result)
      see(state)
      return state.jobs.slice(before)
    },
    isOver: () => state.results.size === 0,
    decided: () => state.jobs.slice(),
    seen: () => state.seen.slice(),
  }
}

const isOpen = ({ results }: State, decision: number): boolean =>
  results.has(decision) && results.get(decision) === undefined

/** Makes results visible in the order of the clock, as far as they are there, and decides after each. */
const see = (state: State): void => {
  for (let job = state.clock.next(); job !== undefined; job = state.clock.next()) {
    const result = state.results.get(job.decision)
    if (result === undefined) return
    state.clock.advance()
    state.results.delete(job.decision)
    state.visible += 1
    show(state, job, result)
    decide(state)
  }
}

const show = (state: State, job: Job, result: JobResult): void => {
  const trial = state.trials[job.trial - 1]!
  const { point } = trial
  if (result.kind === "failed" || !Number.isFinite(result.value)) {
    state.seen[job.trial - 1] = { trial: job.trial, point, state: { kind: "failed" } }
    return
  }
  const { value } = result
  const isWhole = job.rung === trial.stretches.length - 1
  const steps = job.untilStep
  state.seen[job.trial - 1] = {
    trial: job.trial,
    point,
    state: isWhole || steps === null ? { kind: "complete", value } : { kind: "pruned", value, steps },
  }
  const ranked = state.rungs[job.rung]!
  const place = ranked.findIndex((other) => isBetter({ value, trial }, other))
  ranked.splice(place === -1 ? ranked.length : place, 0, { value, trial })
}

const isBetter = (one: Ranked, other: Ranked): boolean =>
  one.value < other.value || (one.value === other.value && one.trial.trial < other.trial.trial)

/** Gives work to every virtual worker that is free, as long as there is any. */
const decide = (state: State): void => {
  while (state.clock.hasFreeWorker()) {
    const trial = promoted(state) ?? started(state)
    if (trial === undefined) return
    begin(state, trial)
  }
}

/** The best trial, from the highest rung that has one, that may go on and did not yet. */
const promoted = ({ rules: { halving }, rungs }: State): Trial | undefined => {
  if (halving === null) return undefined
  for (let rung = rungs.length - 2; rung >= 0; rung--) {
    const ranked = rungs[rung]!
    const places = placesIn(ranked.length, halving)
    for (let place = 0; place < places; place++) {
      const { trial } = ranked[place]!
      if (trial.begun === rung + 1 && trial.begun < trial.stretches.length) return trial
    }
  }
  return undefined
}

/** A new trial, if there may be another one and the searcher knows one. */
const started = (state: State): Trial | undefined => {
  const { rules, search, trials, seen } = state
  if (state.isExhausted || trials.length >= rules.trials) return undefined
  const number = trials.length + 1
  const point = search.suggest({ trial: number, seen: seen.slice() })
  if (point === undefined) {
    state.isExhausted = true
    return undefined
  }
  const trial = { trial: number, point, stretches: stretchesOf(rules.halving, rules.stepsOf(point)), begun: 0 }
  trials.push(trial)
  return trial
}

const begin = (state: State, trial: Trial): void => {
  const rung = trial.begun
  const { untilStep, cost } = trial.stretches[rung]!
  const { trial: number, point } = trial
  const job: Job = { decision: state.jobs.length, trial: number, point, rung, untilStep, visible: state.visible }
  trial.begun += 1
  state.jobs.push(job)
  state.results.set(job.decision, undefined)
  state.seen[number - 1] = { trial: number, point, state: { kind: "pending" } }
  state.clock.start(job, cost)
}
