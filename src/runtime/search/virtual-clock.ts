/**
 * The clock of a sweep's decisions: made-up workers that take as long as their jobs have steps.
 *
 * It says in which order results come to be seen. No real time enters, so the order is the same on every machine, with any number
 * of real workers, and when everything is found in the cache.
 */
import type { Job } from "./job.ts"

interface Running {
  readonly job: Job
  readonly finish: number
}

export interface VirtualClock {
  readonly hasFreeWorker: () => boolean
  /** A free worker takes a job that costs so much. */
  readonly start: (job: Job, cost: number) => void
  /** The job that ends next, of several at one time the one decided first; undefined: no worker works. */
  readonly next: () => Job | undefined
  /** Sets the time to the end of that job and frees its worker. */
  readonly advance: () => void
}

const isBefore = (one: Running, other: Running): boolean =>
  one.finish < other.finish || (one.finish === other.finish && one.job.decision < other.job.decision)

export const virtualClock = (workers: number): VirtualClock => {
  /** The one that ends next comes last. Workers are few: no heap is needed. */
  const running: Running[] = []
  let now = 0
  return {
    hasFreeWorker: () => running.length < workers,
    start: (job, cost) => {
      const entry = { job, finish: now + cost }
      const place = running.findIndex((other) => isBefore(other, entry))
      running.splice(place === -1 ? running.length : place, 0, entry)
    },
    next: () => running.at(-1)?.job,
    advance: () => {
      now = running.pop()?.finish ?? now
    },
  }
}
