/**
 * How far the running stages are, and how fast: what a live line and a plain progress line are made of.
 *
 * The rate is that of the last half minute, so that a slow start does not spoil the estimate. Metrics that stages report
 * under known names are shown in words.
 */
import type { RunEvent } from "../../runtime/model/events.ts"
import { duration, type Style, size } from "./words.ts"

interface Moment {
  readonly atMs: number
  readonly done: number
}

export interface StageBar {
  readonly label: string
  done: number
  of: number
  unit: string
  metrics: Readonly<Record<string, number>>
  /** Oldest first; a moment for each time more was done. */
  readonly history: Moment[]
  /** The history still begins with the stage's start. */
  hasStart: boolean
}

const rateWindowMs = 30_000

/** The stages that are running, by label, kept up to date by events. */
export class StageBars {
  readonly running = new Map<string, StageBar>()

  /** True when the event changed a bar. */
  take(event: RunEvent, nowMs: number): boolean {
    switch (event.type) {
      case "stage-started": {
        const { restored = 0, toRun = 0, waiting = 0 } = event.items ?? {}
        this.#move(event.label, { done: restored, of: restored + toRun + waiting, unit: "", metrics: {} }, nowMs)
        return true
      }
      case "stage-progress":
        if (event.item !== undefined) return false
        this.#move(event.label, { ...event, metrics: event.metrics ?? {} }, nowMs)
        return true
      case "item-finished":
        this.#move(event.label, { ...event, unit: "", metrics: {} }, nowMs)
        return true
      case "stage-finished":
      case "stage-failed":
      case "stage-stopped":
        return this.running.delete(event.label)
      default:
        return false
    }
  }

  #move(label: string, state: Pick<StageBar, "done" | "of" | "unit" | "metrics">, nowMs: number): void {
    const bar = this.running.get(label) ?? { label, ...state, history: [], hasStart: true }
    Object.assign(bar, { done: state.done, of: state.of, unit: state.unit || bar.unit, metrics: state.metrics })
    if (state.done > (bar.history.at(-1)?.done ?? -1)) bar.history.push({ atMs: nowMs, done: state.done })
    // The first moment is the stage's start and includes getting ready; it goes as soon as there are two others.
    if (bar.history.length > 2 && bar.hasStart) {
      bar.history.shift()
      bar.hasStart = false
    }
    while (bar.history.length > 2 && nowMs - bar.history[0]!.atMs > rateWindowMs) bar.history.shift()
    this.running.set(label, bar)
  }
}

/** Units per second; undefined while too little is known. */
const rateOf = ({ history }: StageBar): number | undefined => {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined || last.done <= first.done) return undefined
  return ((last.done - first.done) * 1000) / Math.max(1, last.atMs - first.atMs)
}

const rateWords = (rate: number, unit: string): string => {
  const one = unit.replace(/s$/, "")
  return rate >= 1 ? `${rate.toFixed(1)} ${unit}/s` : `${(1 / rate).toFixed(1)} s/${one}`
}

/** Metrics whose meaning the presenter knows; others are shown by name. */
const knownMetrics: Readonly<Record<string, ((value: number) => string) | null>> = {
  lossSmoothed: (value) => `loss ${value.toFixed(4)}`,
  residentBytes: (value) => size(value),
  loss: null,
  learningRate: null,
  gradNorm: null,
  elapsedMs: null,
}

const metricWords = (name: string, value: number): readonly string[] => {
  const known = knownMetrics[name]
  if (known === null) return []
  return [known === undefined ? `${name} ${Number(value.toPrecision(4))}` : known(value)]
}

/** Everything about a bar but the bar itself: "120/300 steps · loss 0.0712 · 2.1 steps/s · 1:25 min left · 612 MB" */
export const progressWords = (bar: StageBar): string => {
  const rate = rateOf(bar)
  const { residentBytes, ...metrics } = bar.metrics
  const memory = residentBytes === undefined ? {} : { residentBytes }
  const unit = bar.unit === "" ? "items" : bar.unit
  const words = (record: Readonly<Record<string, number>>) =>
    Object.entries(record).flatMap(([name, value]) => metricWords(name, value))
  return [
    bar.of === 0 ? "" : `${bar.done}/${bar.of}${bar.unit === "" ? "" : ` ${bar.unit}`}`,
    ...words(metrics),
    ...(rate === undefined ? [] : [rateWords(rate, unit), `${duration((1000 * (bar.of - bar.done)) / rate)} left`]),
    ...words(memory),
  ]
    .filter((part) => part !== "")
    .join(" · ")
}

const barWidth = 24
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

/** One live line. `tick` turns the little wheel that shows that all is well. */
export const barLine = (bar: StageBar, tick: number, paint: Style): string => {
  const name = `${paint.cyan(frames[tick % frames.length]!)} ${paint.bold(bar.label.padEnd(14))}`
  if (bar.of === 0) return name
  const filled = Math.round((barWidth * bar.done) / bar.of)
  const drawn = paint.cyan("━".repeat(filled)) + paint.dim("─".repeat(barWidth - filled))
  return `${name} ${drawn} ${progressWords(bar)}`
}
