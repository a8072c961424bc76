/**
 * The second public door, `lora-loom/effect`: `run` and `plan` as Effect programs over a layer, and a run's events as a stream.
 *
 * @example
 * import { Effect, Stream } from "effect"
 * import { events, layer } from "lora-loom/effect"
 *
 * events(myPipeline, { set: { steps: 400 } }).pipe(
 *   Stream.runForEach((event) => Effect.log(event.type)),
 *   Effect.provide(layer({ cache: "./cache" })),
 *   Effect.runPromise,
 * )
 */
export type { RunEvent } from "./runtime/model/events.ts"
export type { Plan, PlannedStage } from "./runtime/plan/plan.ts"
export type { RunReport } from "./runtime/run/run-outcome.ts"
export type { SweepEvent } from "./runtime/sweep/sweep-events.ts"
export { events, type Loom, layer, plan, run } from "./tools/program.ts"
export { InputError, type ProgramError, Stopped, WorkError } from "./tools/program-errors.ts"
export type { CacheOptions, PlanOptions, RunOptions } from "./tools/program-options.ts"
export { planSweep, runSweep, type SweepPlan, type SweepReport, type SweepRunOptions } from "./tools/sweep-program.ts"
export type { Trouble } from "./tools/troubles.ts"
