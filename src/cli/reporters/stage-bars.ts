/**
 * How far the running stages are, and how fast.
 *
 * The rate is that of the last half minute, so that a slow start does not spoil the estimate. It counts what is done now and by
 * this stage: not what was known before, and of items not the time in which none of them was at work, because others
 * had the cores.
 */
import type { RunEvent } from "../../runtime/model/events.ts"
import { BusyClock } from "./busy-clock.ts"

interface Moment {
  readonly atMs: number
  /** Units done by this stage in this run, up from any number. */
  readonly worked: number
}

export interface StageBar {
  readonly label: string
  done: number
  of: number
  /** What is still to be done. */
  left: number
  unit: string
  metrics: Readonly<Record<string, number>>
  /** Oldest first; a moment for each time more was done. */
  readonly history: Moment[]
  /** The history still begins with the stage's start. */
  hasStart: boolean
  /** The time in which items were at work, and how many were made. */
  readonly busy: BusyClock
  made: number
}

const rateWindowMs = 30_000

/** The stages that are running, by label, kept up to date by events. */
export class StageBars {
  readonly running = new Map<string, StageBar>()

  /** True when the event changed a bar. */
  take(event: RunEvent, nowMs: number): boolean {
    switch (event.type) {
      case "stage-started":
        return this.#start(event)
      case "stage-progress":
        return event.item === undefined && this.#progress(event, nowMs)
      case "item-finished":
        return this.#finishItem(event, nowMs)
      case "stage-finished":
      case "stage-failed":
      case "stage-stopped":
        return this.running.delete(event.label)
      default:
        return false
    }
  }

  #start({ label, items }: Extract<RunEvent, { readonly type: "stage-started" }>): true {
    const bar = this.#barOf(label)
    if (items === undefined) return true
    const left = items.toRun + items.waiting
    Object.assign(bar, { done: items.restored, of: items.restored + left, left })
    // A whole stage says itself where it starts; items start here.
    note(bar, { atMs: 0, worked: 0 })
    return true
  }

  #progress(event: Extract<RunEvent, { readonly type: "stage-progress" }>, nowMs: number): true {
    const { label, done, of, unit, metrics = {}, left = Math.max(0, of - done) } = event
    const bar = this.#barOf(label)
    Object.assign(bar, { done, of, left, unit, metrics })
    note(bar, { atMs: nowMs, worked: -left })
    return true
  }

  #finishItem(event: Extract<RunEvent, { readonly type: "item-finished" }>, nowMs: number): true {
    const { label, done, of, elapsedMs } = event
    const bar = this.#barOf(label)
    Object.assign(bar, { done, of, left: of - done })
    // One that another run has made took no time here.
    if (elapsedMs === 0) return true
    bar.made++
    bar.busy.add(nowMs, elapsedMs)
    note(bar, { atMs: bar.busy.elapsedMs, worked: bar.made })
    return true
  }

  #barOf(label: string): StageBar {
    const state = { done: 0, of: 0, left: 0, unit: "", metrics: {}, history: [], hasStart: true, made: 0 }
    const bar = this.running.get(label) ?? { label, ...state, busy: new BusyClock() }
    this.running.set(label, bar)
    return bar
  }
}

const note = (bar: StageBar, moment: Moment): void => {
  const { history } = bar
  const last = history.at(-1)
  if (last === undefined || moment.worked > last.worked) history.push(moment)
  // The first moment is the stage's start and includes getting ready; it goes as soon as there are two others.
  if (history.length > 2 && bar.hasStart) {
    history.shift()
    bar.hasStart = false
  }
  while (history.length > 2 && moment.atMs - history[0]!.atMs > rateWindowMs) history.shift()
}

/** Units per second; undefined while too little is known. */
export const rateOf = ({ history }: StageBar): number | undefined => {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined || last.worked <= first.worked) return undefined
  return ((last.worked - first.worked) * 1000) / Math.max(1, last.atMs - first.atMs)
}
