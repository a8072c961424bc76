/**
 * The rules of a sweep's decisions once more, written for reading: all results are known beforehand, everything is sorted anew at
 * each decision.
 */
import type { Decided } from "../../../../src/runtime/search/decisions.ts"
import type { Job } from "../../../../src/runtime/search/job.ts"
import type { Seen } from "../../../../src/runtime/search/searcher.ts"
import type { ResultOf } from "./executor.ts"

interface Timed {
  readonly job: Job
  readonly finish: number
}

/** Jobs in the order in which their results come to be seen. */
export const inOrderOfSight = (timed: readonly Timed[]): readonly Job[] =>
  timed.toSorted((a, b) => a.finish - b.finish || a.job.decision - b.job.decision).map(({ job }) => job)

export const expectedJobs = (rules: Decided, resultOf: ResultOf): readonly Job[] => {
  const search = rules.searcher.begin(rules)
  const timed: Timed[] = []
  const visible: Job[] = []
  let now = 0
  for (;;) {
    while (timed.length - visible.length < (rules.virtualWorkers ?? 4)) {
      const next = nextJob(
        rules,
        search.suggest,
        timed.map(({ job }) => job),
        visible,
        resultOf,
      )
      if (next === undefined) break
      timed.push({ job: next, finish: now + costOf(rules, next) })
    }
    const job = inOrderOfSight(timed).find((one) => !visible.includes(one))
    if (job === undefined) return timed.map(({ job }) => job)
    visible.push(job)
    now = timed.find((one) => one.job === job)!.finish
  }
}

const rungsOf = ({ halving }: Decided): readonly number[] => halving?.rungs ?? [Number.POSITIVE_INFINITY]

/** Steps at which a rung of a trial ends, and what is trained from the rung before. */
const endOf = (rules: Decided, { point, rung }: Pick<Job, "point" | "rung">): number => {
  const steps = rules.stepsOf(point) ?? 1
  return rung < 0 ? 0 : Math.min(rungsOf(rules)[rung]!, steps)
}
const costOf = (rules: Decided, { point, rung }: Job): number =>
  endOf(rules, { point, rung }) - endOf(rules, { point, rung: rung - 1 })
const isLast = (rules: Decided, { point, rung }: Pick<Job, "point" | "rung">): boolean => {
  const rungs = rungsOf(rules)
  return rung === rungs.length - 1 || (rules.stepsOf(point) ?? 1) <= rungs[rung]!
}

type Suggest = ReturnType<Decided["searcher"]["begin"]>["suggest"]

const nextJob = (
  rules: Decided,
  suggest: Suggest,
  decided: readonly Job[],
  visible: readonly Job[],
  resultOf: ResultOf,
): Job | undefined => {
  const common = { decision: decided.length, visible: visible.length }
  const job = (trial: number, point: Job["point"], rung: number): Job => {
    const end = endOf(rules, { point, rung })
    const isWhole = end === (rules.stepsOf(point) ?? 1)
    return { ...common, trial, point, rung, untilStep: isWhole ? null : end }
  }
  for (const rung of [...rungsOf(rules).keys()].toReversed().slice(1)) {
    const best = bestOf(rules, visible, rung, resultOf)
    const free = best.find((one) => !isLast(rules, one) && !decided.some((d) => d.trial === one.trial && d.rung > rung))
    if (free !== undefined) return job(free.trial, free.point, rung + 1)
  }
  const trial = 1 + Math.max(0, ...decided.map((one) => one.trial))
  if (trial > rules.trials) return undefined
  const point = suggest({ trial, seen: expectedSeen(rules, decided, visible, resultOf) })
  return point === undefined ? undefined : job(trial, point, 0)
}

/** Those of a rung's visible results that may go on, best first. */
export const bestOf = (rules: Decided, visible: readonly Job[], rung: number, resultOf: ResultOf): readonly Job[] => {
  const finite = visible.flatMap((job) => {
    const result = resultOf(job)
    return job.rung === rung && result.kind === "value" && Number.isFinite(result.value)
      ? [{ job, value: result.value }]
      : []
  })
  const ranked = finite.toSorted((a, b) => a.value - b.value || a.job.trial - b.job.trial)
  return ranked.slice(0, Math.floor(ranked.length / (rules.halving?.reduction ?? 2))).map(({ job }) => job)
}

/** What a searcher is to be shown. */
export const expectedSeen = (
  rules: Decided,
  decided: readonly Job[],
  visible: readonly Job[],
  resultOf: ResultOf,
): readonly Seen[] => {
  const trials = [...new Set(decided.map(({ trial }) => trial))].toSorted((a, b) => a - b)
  return trials.map((trial): Seen => {
    const last = decided.findLast((job) => job.trial === trial)!
    const { point } = last
    if (!visible.includes(last)) return { trial, point, state: { kind: "pending" } }
    const result = resultOf(last)
    if (result.kind === "failed" || !Number.isFinite(result.value)) return { trial, point, state: { kind: "failed" } }
    const { value } = result
    if (isLast(rules, last)) return { trial, point, state: { kind: "complete", value } }
    return { trial, point, state: { kind: "pruned", value, steps: endOf(rules, last) } }
  })
}
