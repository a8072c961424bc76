/**
 * `run` and `plan` as plain promises, for programs that use no Effect.
 *
 * What does the work is imported when it is called, so that a pipeline file, which imports the same door, loads none of it.
 */
import type { Effect } from "effect"
import type { Pipeline } from "../runtime/define/pipeline.ts"
import type { Plan } from "../runtime/plan/plan.ts"
import type { RunReport } from "../runtime/run/run-outcome.ts"
import type { Sweep } from "../runtime/sweep/sweep.ts"
import type { Loom } from "./program.ts"
import type { ProgramError } from "./program-errors.ts"
import type { CacheOptions, PlanOptions, RunOptions } from "./program-options.ts"
import type { SweepPlan, SweepReport, SweepRunOptions } from "./sweep-program.ts"

/** What a call of `run` or `plan` may be told besides. */
export interface CallOptions extends CacheOptions {
  /** Once aborted, everything ends at once, and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Runs what the pipeline's results need and the cache does not have, and writes the finished files.
 *
 * The promise is rejected with an `InputError` when the pipeline, its parameters or its files are wrong, with a `WorkError` when
 * the work fails, and with `Stopped` after `stop`.
 *
 * @example
 * const report = await run(myPipeline, {
 *   set: { steps: 400 },
 *   onEvent: (event) => { if (event.type === "stage-progress") console.log(event.label, event.done, event.of) },
 * })
 * for (const { file } of report.artifacts) console.log(file)
 */
export const run = async (pipeline: Pipeline, options: RunOptions & CallOptions = {}): Promise<RunReport> => {
  const program = await import("./program.ts")
  return settled(program.run(pipeline, options), options)
}

/**
 * Says stage by stage what a run would do and why, and runs nothing. Problems stand in the plan, beside the stages; the
 * promise is rejected with an `InputError` when the pipeline cannot be wired at all.
 *
 * @example
 * const { stages } = await plan(myPipeline, { set: { steps: 400 } })
 * for (const { label, state, reason } of stages) console.log(label, state, reason)
 */
export const plan = async (pipeline: Pipeline, options: PlanOptions & CallOptions = {}): Promise<Plan> => {
  const program = await import("./program.ts")
  return settled(program.plan(pipeline, options), options)
}

/**
 * Runs a sweep: measures its trials, runs the best of them whole, and writes table, report and picture sheet.
 *
 * The promise is rejected with an `InputError` when the sweep or its pipeline is wrong, and with a `WorkError` when no trial has a
 * result. After `stop` it gives what was found by then, and the same call goes on from there.
 *
 * @example
 * const { table, whole } = await runSweep(mySweep, { workers: 2 })
 * console.log(table.trials.find(({ rank }) => rank === 1)?.values, whole[0]?.artifacts)
 */
export const runSweep = async (sweep: Sweep, options: SweepRunOptions & CallOptions = {}): Promise<SweepReport> => {
  const program = await import("./sweep-program.ts")
  return settled(program.runSweep(sweep, options), options)
}

/**
 * Says what a sweep would do, and runs nothing: its trials, the steps they ask for, how many are left to train, and how long that takes.
 *
 * @example
 * const { stepsAsked, stepsToTrain, estimatedMs } = await planSweep(mySweep)
 */
export const planSweep = async (sweep: Sweep, options: PlanOptions & CallOptions = {}): Promise<SweepPlan> => {
  const program = await import("./sweep-program.ts")
  return settled(program.planSweep(sweep, options), options)
}

const settled = async <A>(work: Effect.Effect<A, ProgramError, Loom>, { cache, signal }: CallOptions): Promise<A> => {
  const [{ Cause, Effect, Exit }, { layer }] = await Promise.all([import("effect"), import("./program.ts")])
  signal?.throwIfAborted()
  const over = work.pipe(Effect.provide(layer(cache === undefined ? {} : { cache })))
  const exit = await Effect.runPromiseExit(over, signal === undefined ? {} : { signal })
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterruptsOnly(exit.cause)) signal?.throwIfAborted()
  throw Cause.squash(exit.cause)
}
