/**
 * Where a sweep stands, kept up to date by its events: its trials, which is best so far, how many steps are trained, how long it will
 * take.
 */
import type { RunEvent } from "../../runtime/model/events.ts"
import type { SweepEvent } from "../../runtime/sweep/sweep-events.ts"

type Started = Extract<SweepEvent, { readonly type: "sweep-started" }>
type Decided = Extract<SweepEvent, { readonly type: "trial-decided" }>

export interface BoardTrial {
  readonly trial: number
  readonly values: Decided["values"]
  /** Steps of the whole trial. */
  readonly asked: number
  state: "waiting" | "running" | "measured" | "failed"
  /** Of the job that was decided last. */
  rung: number
  untilStep: number | null
  /** Rung at which `reached` was measured; −1: not yet. */
  measuredRung: number
  reached: readonly number[]
  /** "train 120/300" */
  doing: string
}

export interface SweepBoard {
  readonly take: (event: SweepEvent, nowMs: number) => void
  readonly trials: () => readonly BoardTrial[]
  readonly objectives: () => Started["objectives"]
  /** Those that were measured, best first. */
  readonly ranked: () => readonly BoardTrial[]
  readonly stepsTrained: () => number
  /** Of the trials decided so far. */
  readonly stepsAsked: () => number
  /** Until all steps are trained; undefined while too little is known. */
  readonly leftMs: (nowMs: number) => number | undefined
}

type Progress = Extract<RunEvent, { readonly type: "stage-progress" }>

export const sweepBoard = (): SweepBoard => {
  const trials = new Map<number, BoardTrial>()
  const lastDone = new Map<string, number>()
  let objectives: Started["objectives"] = []
  let [trained, stepsToTrain] = [0, 0]
  let firstStepAtMs: number | undefined
  const decided = ({ trial, values, rung, untilStep, asked }: Decided): void => {
    const before = trials.get(trial)
    const fresh = { measuredRung: -1, reached: [], doing: "" }
    trials.set(trial, { ...fresh, ...before, trial, values, asked, rung, untilStep, state: "waiting" })
  }
  const progressed = (trial: number, { label, done, of, unit }: Progress, nowMs: number): void => {
    const place = `${trial} ${label}`
    const before = lastDone.get(place)
    lastDone.set(place, done)
    if (unit === "steps" && before !== undefined && done > before) {
      firstStepAtMs ??= nowMs
      trained += done - before
    }
    Object.assign(trials.get(trial) ?? {}, { doing: of > 0 ? `${label} ${done}/${of}` : label })
  }
  const inside = (trial: number, event: RunEvent, nowMs: number): void => {
    if (event.type === "stage-progress" && event.item === undefined) progressed(trial, event, nowMs)
    if (event.type === "stage-started") {
      lastDone.delete(`${trial} ${event.label}`)
      Object.assign(trials.get(trial) ?? {}, { doing: event.label })
    }
  }
  const take = (event: SweepEvent, nowMs: number): void => {
    switch (event.type) {
      case "sweep-started":
        objectives = event.objectives
        return
      case "sweep-planned":
        stepsToTrain = event.stepsToTrain
        return
      case "trial-decided":
        decided(event)
        return
      case "trial-started":
        Object.assign(trials.get(event.trial)!, { state: "running", doing: "" })
        return
      case "trial-measured":
        Object.assign(trials.get(event.trial)!, {
          ...{ state: "measured", reached: event.values, measuredRung: event.rung },
        })
        return
      case "trial-failed":
        Object.assign(trials.get(event.trial)!, { state: "failed", measuredRung: -1, reached: [] })
        return
      case "trial-event":
        inside(event.trial, event.event, nowMs)
        return
      default:
        return
    }
  }
  const sign = (): number => (objectives[0]?.direction === "maximise" ? -1 : 1)
  return {
    take,
    trials: () => [...trials.values()],
    objectives: () => objectives,
    ranked: () =>
      [...trials.values()]
        .filter(({ measuredRung }) => measuredRung >= 0)
        .sort(
          (one, other) =>
            other.measuredRung - one.measuredRung ||
            sign() * (one.reached[0]! - other.reached[0]!) ||
            one.trial - other.trial,
        ),
    stepsTrained: () => trained,
    stepsAsked: () => [...trials.values()].reduce((sum, { asked }) => sum + asked, 0),
    leftMs: (nowMs) => {
      const left = stepsToTrain - trained
      if (firstStepAtMs === undefined || trained < 5 || left <= 0) return undefined
      return ((nowMs - firstStepAtMs) / trained) * left
    },
  }
}
