/**
 * Running and planning a sweep as a program: what `loom sweep` calls, and what `lora-loom/effect` offers.
 *
 * It needs an open cache, like a run. Interrupting it ends everything at once; what was measured is kept.
 */
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { Clock, Effect } from "effect"
import { Events } from "../runtime/model/events.ts"
import type { PlacedArtifact, RunFailure } from "../runtime/run/run-outcome.ts"
import { foreseeSweep } from "../runtime/sweep/foresee-sweep.ts"
import { prepareSweep } from "../runtime/sweep/prepared-sweep.ts"
import { plannedOf, runSweep as runWholeSweep, type SweepOutcome } from "../runtime/sweep/run-sweep.ts"
import type { Sweep } from "../runtime/sweep/sweep.ts"
import type { SweepEvent } from "../runtime/sweep/sweep-events.ts"
import { engineCores, withinCores } from "../stages/base/engine-words.ts"
import { loomVersion } from "../stages/training/loom-version.ts"
import { outputProblems } from "./output-folder.ts"
import type { Loom } from "./program.ts"
import { InputError, programError, type WorkError } from "./program-errors.ts"
import type { PlanOptions, RunOptions } from "./program-options.ts"
import { stopOnAbort } from "./stop-on-abort.ts"
import type { SweepTable } from "./sweep-report/sweep-table.ts"
import { keepTable } from "./sweeping/kept-table.ts"
import { stepTime } from "./sweeping/step-time.ts"
import { sweepTable } from "./sweeping/sweep-facts.ts"
import { placeSweepFiles } from "./sweeping/sweep-files.ts"
import { fromProblem, type Trouble } from "./troubles.ts"

/** How to run a sweep. */
export interface SweepRunOptions extends Omit<RunOptions, "onEvent"> {
  /** Trials at once; as many as the cores suffice for when left out. Changes nothing in what is found. */
  readonly workers?: number
  /** Called with everything that happens, in order, `sweep-finished` last. */
  readonly onEvent?: (event: SweepEvent) => void
}

/** A trial that was run whole. */
export interface WholeTrial {
  readonly trial: number
  readonly rank: number
  /** Its finished files. */
  readonly artifacts: readonly PlacedArtifact[]
}

/** What a sweep found. */
export interface SweepReport {
  /** All trials with their values and results. */
  readonly table: SweepTable
  /** False: it was asked to stop, and the same call goes on from there. */
  readonly isOver: boolean
  readonly elapsedMs: number
  /** Table, report and picture sheet. */
  readonly files: readonly PlacedArtifact[]
  /** The best trials, best first. */
  readonly whole: readonly WholeTrial[]
  /** What went wrong where the best trials were run whole. */
  readonly troubles: readonly Trouble[]
}

type Planned = Omit<Extract<SweepEvent, { readonly type: "sweep-planned" }>, "type" | "trials">

/** What a sweep would do. */
export interface SweepPlan extends Planned {
  readonly sweep: string
  readonly pipeline: string
  readonly trials: readonly {
    readonly trial: number
    readonly values: SweepTable["trials"][number]["values"]
    /** Steps it is trained to; null where there are none to count. */
    readonly reached: number | null
    /** Its result is kept. */
    readonly isKnown: boolean
    /** Why it would fail at once; null: nothing is known against it. */
    readonly why: string | null
  }[]
  /** What looks wrong. */
  readonly problems: readonly Trouble[]
}

/** Says what a sweep would do, and runs nothing. It fails with an `InputError` when the sweep is wrong. */
export const planSweep = Effect.fn("planSweep")(
  function* (sweep: Sweep, { root = ".", set = {} }: PlanOptions = {}) {
    const prepared = yield* prepareSweep(sweep, set)
    const foreseen = yield* foreseeSweep(prepared, { root: resolve(root) })
    const planned = plannedOf(foreseen, yield* stepTime(prepared))
    const { name, pipeline, problems } = prepared
    const plan: SweepPlan = {
      ...planned,
      ...{ sweep: name, pipeline, trials: foreseen.trials, problems: problems.map(fromProblem) },
    }
    return plan
  },
  Effect.mapError((error) => programError(error) as InputError | WorkError),
)

/**
 * Runs a sweep: measures its trials, runs the best of them whole, and writes table, report and picture sheet.
 *
 * It fails with an `InputError` when the sweep or the pipeline is wrong, and with a `WorkError` when no trial has a result or the cache
 * cannot be used. Asked to stop, it gives what was found by then.
 */
export const runSweep = Effect.fn("runSweep")(function* (
  sweep: Sweep,
  options: SweepRunOptions & { readonly file?: string } = {},
): Effect.fn.Return<SweepReport, InputError | WorkError, Loom> {
  const { root = ".", file, output = "./output", set, onEvent } = options
  const startedAtMs = yield* Clock.currentTimeMillis
  const cores = yield* wholeCount("cores", options.cores ?? availableParallelism())
  const workers = yield* wholeCount("workers", options.workers ?? Math.max(1, Math.floor(cores / engineCores)))
  const folder = join(resolve(output), sweep.name)
  const unwritable = yield* outputProblems(folder)
  if (unwritable.length > 0) return yield* new InputError({ troubles: unwritable.map(fromProblem) })
  const work = Effect.gen(function* () {
    const stop = yield* stopOnAbort(options.stop)
    const stepMs = yield* stepTime({ name: sweep.name, pipeline: sweep.pipeline.name })
    const told = { file, stepMs, loom: loomVersion, ...(set && { set }), ...(onEvent && { onEvent }) }
    const outcome = yield* runWholeSweep(sweep, {
      ...{ root: resolve(root), output: resolve(output), cores, workers, stop },
      ...told,
    })
    const table = yield* sweepTable(outcome)
    yield* keepTable(outcome.journal, table)
    const files = yield* placeSweepFiles(table, outcome.journal, folder)
    const elapsedMs = (yield* Clock.currentTimeMillis) - startedAtMs
    return { table, files, elapsedMs, isOver: outcome.isOver, ...wholeOf(outcome) } satisfies SweepReport
  })
  return yield* work.pipe(
    withinCores(Math.max(1, Math.floor(cores / workers))),
    Effect.provide(Events.layer, { local: true }),
    Effect.scoped,
    Effect.catchTag("BlobMissing", (error) => Effect.die(error)),
    Effect.mapError((error) => programError(error) as InputError | WorkError),
  )
})

const wholeOf = ({ shown }: SweepOutcome): Pick<SweepReport, "whole" | "troubles"> => ({
  whole: shown.flatMap((one) =>
    "run" in one ? [{ trial: one.trial, rank: one.rank, artifacts: one.report.artifacts }] : [],
  ),
  troubles: shown.flatMap((one) => ("failure" in one ? troublesOf(one.trial, one.failure) : [])),
})

const troublesOf = (trial: number, failure: RunFailure): readonly Trouble[] =>
  programTroubles(failure).map((trouble) => ({ ...trouble, where: `trial ${trial}: ${trouble.where}` }))

const programTroubles = (failure: RunFailure): readonly Trouble[] => {
  const error = programError(failure)
  return "troubles" in error ? error.troubles : []
}

const wholeCount = (where: string, count: number) =>
  Number.isSafeInteger(count) && count >= 1
    ? Effect.succeed(count)
    : Effect.fail(
        new InputError({
          troubles: [
            {
              where,
              why: `${String(count)} is not a whole number of 1 or more`,
              hint: "Leave it out for the usual",
              severity: "error",
            },
          ],
        }),
      )
