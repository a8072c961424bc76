/**
 * Planning and running a pipeline from a program, with promises.
 *
 * @module running
 */
export {
  run,
  plan,
  type PlanOptions,
  type RunOptions,
  type CallOptions,
  type RunEvent,
  type RunReport,
  runSweep,
  planSweep,
  type SweepRunOptions,
  type SweepReport,
  type SweepPlan,
  type SweepTable,
  type SweepTrial,
  type Plan,
  type PlannedStage,
  InputError,
  WorkError,
  Stopped,
  type Trouble,
} from "../../../src/index.ts"
