/** Work that leaves no trace among the runs: its results are kept as ever, and nothing is written of the run itself. */
import { Effect } from "effect"
import { type RunId, Store } from "./store.ts"

/** No run has this number; rows of real ones count from 1. */
export const noRun = 0 as RunId

/** A look at a pipeline, not a run of it: `loom log` does not list it. */
export const unrecorded = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Store> =>
  Effect.gen(function* () {
    const store = yield* Store
    const silent = Store.of({
      ...store,
      beginRun: () => Effect.succeed(noRun),
      finishRun: () => Effect.void,
      recordStage: () => Effect.void,
      recordStages: () => Effect.void,
      recordArtifacts: () => Effect.void,
      recordMetric: () => Effect.void,
    })
    return yield* Effect.provideService(work, Store, silent)
  })
