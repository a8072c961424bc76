/** What can happen in a sweep, as plain data in the past tense; what happens inside a trial's run is passed on as it is. */
import type { RunEvent, RunOutcome } from "../model/events.ts"
import type { ShownValue } from "./space.ts"

/** What happens in a sweep, told as it happens. */
export type SweepEvent =
  | {
      readonly type: "sweep-started"
      readonly sweep: string
      readonly pipeline: string
      /** At most; fewer where the space has fewer points. */
      readonly trials: number
      /** Trials at once. */
      readonly workers: number
      /** The first one ranks. */
      readonly objectives: readonly { readonly name: string; readonly direction: "minimise" | "maximise" }[]
    }
  /** What is foreseen: see `planSweep`. */
  | {
      readonly type: "sweep-planned"
      readonly trials: number
      /** Trials that are measured already. */
      readonly known: number
      /** Of all trials trained to their ends. */
      readonly stepsAsked: number
      /** Of what is decided, shared steps counted once. */
      readonly stepsNeeded: number
      /** Of these, not yet trained. */
      readonly stepsToTrain: number
      /** Which trials are trained further is not known before they are measured. */
      readonly isEstimate: boolean
      /** null: nothing like it was trained here before. */
      readonly estimatedMs: number | null
    }
  /** The sweep looks wrong, or what it is told has no effect. */
  | { readonly type: "sweep-warning"; readonly field: string; readonly message: string; readonly hint: string }
  | {
      readonly type: "trial-decided"
      readonly trial: number
      readonly values: Readonly<Record<string, ShownValue>>
      readonly rung: number
      /** null: to the trial's own end. */
      readonly untilStep: number | null
      /** Steps of it, of all repeats. */
      readonly asked: number
      /** Those of them that no trial decided before has. */
      readonly added: number
    }
  | { readonly type: "trial-started"; readonly trial: number; readonly rung: number }
  | { readonly type: "trial-event"; readonly trial: number; readonly event: RunEvent }
  | {
      readonly type: "trial-measured"
      readonly trial: number
      readonly rung: number
      /** In the order of the objectives; means, where there are repeats. */
      readonly values: readonly number[]
      /** Nothing had to run. */
      readonly restored: boolean
    }
  | { readonly type: "trial-failed"; readonly trial: number; readonly rung: number; readonly why: string }
  /** The trial is run whole, for its pictures and files. */
  | { readonly type: "trial-shown"; readonly trial: number; readonly rank: number }
  /** Something came out otherwise than it is written in the journal. */
  | { readonly type: "journal-differs"; readonly what: string; readonly before: string; readonly now: string }
  | {
      readonly type: "sweep-finished"
      readonly sweep: string
      readonly outcome: RunOutcome
      readonly elapsedMs: number
    }
