/**
 * The best trials of a sweep run whole: with everything that the pipeline makes, into a folder of each trial's own.
 *
 * A trial that was left behind is run as far as it came. One that fails here says why, and the others go on.
 */
import { join } from "node:path"
import { Effect } from "effect"
import { Events } from "../model/events.ts"
import { runGraph } from "../run/run.ts"
import type { RunFailure, RunReport } from "../run/run-outcome.ts"
import type { RunState } from "../run/run-state.ts"
import { telling } from "../run/telling.ts"
import { storageFailureIn, type TrialSurroundings } from "./measured-trial.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import type { RankedTrial } from "./ranked-trials.ts"
import { wholeGraph } from "./trial-graph.ts"

export interface ShownTrial {
  readonly trial: number
  readonly rank: number
  readonly report: RunReport
  /** What is known of every stage's output, by label. */
  readonly run: RunState
}

export interface UnshownTrial {
  readonly trial: number
  readonly rank: number
  readonly failure: RunFailure
}

export interface Showing extends Omit<TrialSurroundings, "waypoints"> {
  /** For finished files: the sweep has a folder in it, and each trial one in that. */
  readonly output: string
}

/** Fails with `RunStopped` when it was asked to stop, and with `StorageFailure` where nothing can go on. */
export const shownTrial = Effect.fnUntraced(function* (
  sweep: PreparedSweep,
  { trial, rank, job }: RankedTrial,
  showing: Showing,
) {
  const { output, onEvent, ...options } = showing
  const graph = yield* Effect.orDie(wholeGraph(sweep, job))
  return yield* telling(runGraph(graph, { ...options, outputFolder: join(output, graph.pipeline) }), onEvent).pipe(
    Effect.provide(Events.layer, { local: true }),
    Effect.scoped,
    Effect.map(({ run, report }): ShownTrial => ({ trial, rank: rank!, report, run })),
    Effect.catchTag("RunFailure", (failure) => {
      const storage = storageFailureIn(failure)
      const unshown: UnshownTrial = { trial, rank: rank!, failure }
      return storage === undefined ? Effect.succeed(unshown) : Effect.fail(storage)
    }),
  )
})
