/**
 * A made-up machine that works off a sweep: real workers, jobs that last as long as they please, and deaths in between.
 *
 * It does what an executor has to do and no more: it takes open jobs in order of decision, begins a job only when the one before
 * it of the same trial is done, writes down each result before it passes it on, and after a death begins anew from what was
 * written down.
 */
import { beginDecisions, type Decided } from "../../../../src/runtime/search/decisions.ts"
import type { Job, JobResult } from "../../../../src/runtime/search/job.ts"
import type { RandomNumber } from "./random-numbers.ts"

export type ResultOf = (job: Job) => JobResult

export interface Machine {
  readonly workers: number
  /** How long jobs last. */
  readonly random: RandomNumber
  /** Chance to die after a job. */
  readonly deaths?: number
}

interface Working {
  readonly job: Job
  readonly end: number
}

/** Works a sweep off; returns all its decisions. */
export const workOff = (rules: Decided, resultOf: ResultOf, { workers, random, deaths = 0 }: Machine) => {
  const journal: { readonly decision: number; readonly result: JobResult }[] = []
  let decisions = beginDecisions(rules)
  let working: Working[] = []
  let now = 0
  while (!decisions.isOver()) {
    const waiting = decisions
      .open()
      .filter((job) => !working.some(({ job: { decision } }) => decision === job.decision))
    for (const job of waiting.slice(0, workers - working.length)) {
      working.push({ job, end: now + 10 ** (4 * random()) })
    }
    const first = working.reduce((one, other) => (other.end < one.end ? other : one))
    now = first.end
    working = working.filter((other) => other !== first)
    const { decision } = first.job
    journal.push({ decision, result: resultOf(first.job) })
    if (random() < deaths) {
      decisions = beginDecisions(rules)
      working = []
      for (const { decision, result } of journal) decisions.settle(decision, result)
    } else {
      decisions.settle(decision, journal.at(-1)!.result)
    }
  }
  return decisions
}
