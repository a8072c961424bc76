/**
 * `lora-loom/effect`: the same as Effect programs over a layer, and a run's events as a stream.
 *
 * @module effect
 */
export {
  layer,
  run,
  plan,
  events,
  type Loom,
  type CacheOptions,
  type ProgramError,
  type PlanOptions,
  type RunOptions,
  type RunEvent,
  type RunReport,
  runSweep,
  planSweep,
  type SweepRunOptions,
  type SweepReport,
  type SweepPlan,
  type SweepEvent,
  type Plan,
  type PlannedStage,
  InputError,
  WorkError,
  Stopped,
  type Trouble,
} from "../../../src/effect.ts"
