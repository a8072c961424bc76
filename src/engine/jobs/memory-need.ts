/** What a training needs of the memory in a mode, and the plan that was made from it. */
import type { MemoryMode } from "../../settings/memory-mode.ts"

export interface MemoryNeed {
  readonly mode: MemoryMode
  /** Memory of the training process and its parent: it must be there. */
  readonly heapBytes: number
  /** Weights in place in the user's file. */
  readonly mappedBytes: number
}

export interface MemoryPlan extends MemoryNeed {
  readonly freeBytes: number
}

/** "4.5 GB"; below one, "0.57 GB". */
export const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`
