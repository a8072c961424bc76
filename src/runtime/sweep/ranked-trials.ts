/**
 * What came of a sweep, trial by trial: how far each came, what it reached, and where it stands among the others.
 *
 * Who came further stands before who was left behind earlier, then the first objective decides, then the trial's number. A trial that
 * failed has no place. On the front are trials that came as far as any: what an earlier rung says is no match for what the end says.
 */

import type { Job } from "../search/job.ts"
import type { Direction } from "../search/pareto-front.ts"
import { onParetoFront } from "../search/pareto-front.ts"
import { type MeasuredJob, meansOf } from "./measure-sweep.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { lastStepOf } from "./shared-steps.ts"
import type { ShownValue } from "./space.ts"

/** A value by step. */
export type Curve = readonly (readonly [step: number, value: number])[]

export interface RankedTrial {
  readonly trial: number
  /** "waiting": the sweep was stopped before it was measured as far as was decided. */
  readonly state: "complete" | "pruned" | "failed" | "waiting"
  /** 1 is best; null: it has none. */
  readonly rank: number | null
  /** The furthest job of it that was measured, or else its first. */
  readonly job: Job
  readonly values: Readonly<Record<string, ShownValue>>
  /** At the furthest rung, in the order of the objectives: means over the repeats. */
  readonly reached: readonly (number | null)[]
  /** Standard deviation of the first objective over the repeats, with one degree of freedom less; null: not repeated. */
  readonly spread: number | null
  /** Of the first objective. */
  readonly rungs: readonly { readonly steps: number; readonly value: number }[]
  readonly steps: { readonly asked: number; readonly trained: number }
  readonly onFront: boolean
  /** It was left behind, and trained to its end by hand. */
  readonly byHand: boolean
  /** Of a failure, as a sentence. */
  readonly why: string | null
  /** Of the first repeat, in the order of the objectives. */
  readonly curves: readonly Curve[]
}

type Ranking = Pick<PreparedSweep, "halving" | "objectives" | "space">

/** `decided`: all jobs, measured or not; `byHand`: what was trained beside them. In the order of the trials' numbers. */
export const rankedTrials = (
  sweep: Ranking,
  decided: readonly Job[],
  measured: readonly MeasuredJob[],
  byHand: readonly MeasuredJob[] = [],
): readonly RankedTrial[] => {
  const numbers = [...new Set(decided.map(({ trial }) => trial))].sort((a, b) => a - b)
  const unranked = numbers.map((trial): Unranked => {
    const extra = byHand.filter(({ job }) => job.trial === trial)
    const jobs = [...decided.filter((job) => job.trial === trial), ...extra.map(({ job }) => job)]
    const done = [...measured.filter(({ job }) => job.trial === trial), ...extra]
    return { ...unrankedTrial(sweep, jobs, done), byHand: extra.length > 0 }
  })
  const inOrder = unranked.filter(({ reached }) => reached[0] !== null).sort(better(sweep.objectives[0].direction))
  const directions = sweep.objectives.map(({ direction }) => direction)
  const furthest = inOrder[0]?.job.rung
  const front = onParetoFront(
    unranked.map(({ job, reached }) => (job.rung === furthest ? reached : [])),
    directions,
  )
  return unranked.map((one, at) => ({
    ...one,
    rank: inOrder.includes(one) ? inOrder.indexOf(one) + 1 : null,
    onFront: front[at]!,
  }))
}

type Unranked = Omit<RankedTrial, "rank" | "onFront">

const better =
  (direction: Direction) =>
  (one: Unranked, other: Unranked): number => {
    const [a, b] = [one.reached[0]!, other.reached[0]!]
    return other.job.rung - one.job.rung || (direction === "minimise" ? a - b : b - a) || one.trial - other.trial
  }

const unrankedTrial = (
  sweep: Ranking,
  jobs: readonly Job[],
  done: readonly MeasuredJob[],
): Omit<Unranked, "byHand"> => {
  const means = done.map(({ job, repeats, reached }) => ({ job, repeats, steps: reached, means: meansOf(repeats) }))
  const failure = means.map((one) => one.means).find((one) => typeof one === "string")
  const good = means.flatMap((one) => (typeof one.means === "string" ? [] : [{ ...one, means: one.means }]))
  const last = failure === undefined ? good.at(-1) : undefined
  const job = last?.job ?? jobs[0]!
  const measurements = (last?.repeats ?? []).flatMap((one) => (one.kind === "measured" ? [one] : []))
  return {
    trial: job.trial,
    state: failure !== undefined ? "failed" : stateOf(sweep, jobs, done),
    job,
    values: sweep.space.shownOf(job.point),
    reached: sweep.objectives.map((_, at) => last?.means[at] ?? null),
    spread: deviation(measurements.map(({ values }) => values[0]!)),
    rungs: good.flatMap(({ steps, means }) => (steps === null ? [] : [{ steps, value: means[0]! }])),
    steps: { asked: done[0]?.asked ?? 0, trained: done.reduce((sum, { added }) => sum + added, 0) },
    why: failure ?? null,
    curves: measurements[0]?.curves ?? [],
  }
}

const stateOf = (sweep: Ranking, jobs: readonly Job[], done: readonly MeasuredJob[]): RankedTrial["state"] => {
  if (done.length < jobs.length) return "waiting"
  const { untilStep } = jobs.at(-1)!
  return untilStep === null || untilStep === lastStepOf(sweep) ? "complete" : "pruned"
}

const deviation = (values: readonly number[]): number | null => {
  if (values.length < 2) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}
