/**
 * Which memory mode a training takes, and what it will need, decided before the first step.
 *
 * Needed are: the parent, the process itself, the weights (mapped from the user's file, or unpacked), the trained parameters with
 * their gradients and moments, and the most that a run of the graph holds at once, which the graph itself
 * tells (graph/memory/peak-memory.ts). Mapped weights may be dropped by the system and read again, so what does not fit with
 * them only becomes slow; what does not fit without them cannot run, and is refused.
 */

import { type MemoryChoice, type MemoryMode, memoryModes } from "../../settings/memory-mode.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import { inGigabytes, type MemoryNeed, type MemoryPlan } from "../jobs/memory-need.ts"
import { withCheckpointing } from "../session/checkpointing-policy.ts"
import { liesInBlock } from "../session/run-memory.ts"
import { isMapped, shapesIn, unpackedBytes } from "../session/weight-memory.ts"
import type { TrainedGraph } from "./train-graph.ts"

/** Node, ONNX Runtime's code and the graph while it is built (`npm run check:memory` on the quick start's base). */
const processBytes = 200 * 2 ** 20
/** Inside kernels: copies in another layout, packed blocks. And what the allocator cannot hand out again. */
const kernelShare = 1.15
const kernelBytes = 64 * 2 ** 20
/** Parameters, gradient and its second copy (session/second-results.ts), two moments. */
const bytesPerParameter = 4 * (1 + 2 + 2)
/** Where an update takes several runs: sums in double precision, and their mean. */
const bytesPerSum = 4 * (2 + 1)
export interface ToTrain {
  /** One for each shape of picture. */
  readonly graphs: readonly TrainedGraph[]
  readonly weightBytes: number
  readonly parameters: number
  /** Whether an update takes several runs. */
  readonly isSplit: boolean
  /** Resident memory of the parent. Snapshots go to a file matrix by matrix, so it takes no more of them. */
  readonly parentBytes: number
}

/** What the runs of all graphs hold at most. An arena is kept with the most it ever held; a block goes after each run. */
const bytesOfRuns = ({ graphs, weightBytes }: ToTrain, mode: MemoryMode) => {
  const peaks = graphs.map((graph) => withCheckpointing(graph, mode, shapesIn(weightBytes)).peakBytes)
  const withKernels = (peak: number): number => peak * kernelShare + kernelBytes
  const inBlock = (peak: number): boolean => liesInBlock(peak, mode)
  return {
    arenaBytes: peaks.filter((peak) => !inBlock(peak)).reduce((sum, peak) => sum + withKernels(peak), 0),
    blockBytes: peaks.filter(inBlock).reduce((most, peak) => Math.max(most, withKernels(peak)), 0),
  }
}

export const memoryNeed = (toTrain: ToTrain, mode: MemoryMode): MemoryNeed => {
  const { graphs, weightBytes, parameters, isSplit, parentBytes } = toTrain
  const mapped = isMapped(weightBytes)
  const { arenaBytes, blockBytes } = bytesOfRuns(toTrain, mode)
  const unpacked = mapped ? 0 : unpackedBytes(weightBytes) * graphs.length
  const own = processBytes + parameters * (bytesPerParameter + (isSplit ? bytesPerSum : 0)) + unpacked
  return { mode, heapBytes: parentBytes + own + arenaBytes + blockBytes, mappedBytes: mapped ? weightBytes : 0 }
}

const impossible = (need: MemoryNeed, freeBytes: number, smallest: MemoryNeed): EngineFailure => {
  const smaller =
    smallest.heapBytes <= freeBytes && smallest.mode !== need.mode
      ? `memory: "${smallest.mode}" needs ${inGigabytes(smallest.heapBytes)}; or close other programs`
      : "Close other programs, or train on smaller pictures"
  const why = `"${need.mode}" needs ${inGigabytes(need.heapBytes)} besides the model's file, and ${inGigabytes(freeBytes)} are free`
  return inputFailure("memory", why, smaller)
}

/** The mode to train in, or why there is none. */
export const planMemory = (
  choice: MemoryChoice,
  freeBytes: number,
  needOf: (mode: MemoryMode) => MemoryNeed,
): MemoryPlan | EngineFailure => {
  const needs: MemoryNeed[] = []
  // One after the other: measuring a mode takes time, and the first often fits.
  for (const mode of choice === "auto" ? memoryModes : [choice]) {
    const need = needOf(mode)
    if (need.heapBytes + need.mappedBytes <= freeBytes) return { ...need, freeBytes }
    needs.push(need)
  }
  const chosen = needs.findLast(({ heapBytes }) => heapBytes <= freeBytes)
  if (chosen !== undefined) return { ...chosen, freeBytes }
  const last = needs.at(-1)!
  return impossible(last, freeBytes, last.mode === "small" ? last : needOf("small"))
}
