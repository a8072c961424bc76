/** What a program may say about how a pipeline is planned and run. None of it enters a key. */
import type { RunEvent } from "../runtime/model/events.ts"

/** How to plan. */
export interface PlanOptions {
  /**
   * Other values for the pipeline's parameters. A text is read as `--set` reads it: as the parameter's type demands.
   */
  readonly set?: Readonly<Record<string, unknown>>
  /** The folder that relative paths in the pipeline start from; the current one when left out. */
  readonly root?: string
}

/** How to run. */
export interface RunOptions extends PlanOptions {
  /** The folder for finished files; each pipeline has a folder of its name in it. `./output` when left out. */
  readonly output?: string
  /** Processor cores to use; all of them when left out. */
  readonly cores?: number
  /** Once aborted, what runs finishes its step and saves, nothing new starts, and the run ends as `Stopped`. */
  readonly stop?: AbortSignal
  /**
   * Called with everything that happens, in order, `run-finished` last. It holds nobody up; what it throws ends the run at
   * once, and the run fails with it.
   */
  readonly onEvent?: (event: RunEvent) => void
}

/** Which cache to open. */
export interface CacheOptions {
  /** The folder where results are kept; `./cache` when left out. */
  readonly cache?: string
}
