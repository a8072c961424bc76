/** What a run may be told beside the graph. None of it enters a key. */

import type { StopSignal } from "../model/stop-signal.ts"
import type { PlanOptions } from "../plan/plan.ts"

export interface RunOptions extends PlanOptions {
  /** Where artifacts are written; null: nowhere. */
  readonly outputFolder: string | null
  /** The core budget that running stages and items share; default: as many as the machine has. */
  readonly cores?: number
  readonly stop?: StopSignal
  /**
   * After a failure nothing new starts and what runs may finish ("stop-new", the default), or everything that does not depend
   * on it goes on ("keep-going").
   */
  readonly onFailure?: "stop-new" | "keep-going"
  /**
   * Steps at which long computations lay snapshots on their way beside those they lay anyway, by the stage's label: where others will
   * branch off. What is known already is not computed again for one.
   */
  readonly waypoints?: ReadonlyMap<string, Iterable<number>>
  /** For the record: the pipeline's file, and the version of Loom. */
  readonly file?: string | undefined
  readonly loom?: string | undefined
}
