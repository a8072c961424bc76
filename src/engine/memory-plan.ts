/**
 * Which memory mode a training takes, and what it will need, decided before the first step.
 *
 * Needed are: the process itself, the weights (mapped from the user's file, or unpacked), the trained parameters with
 * their gradients, moments and snapshot, and the most that a run of the graph holds at once, which the graph itself
 * tells (graph/peak-memory.ts). Mapped weights may be dropped by the system and read again, so what does not fit with
 * them only becomes slow; what does not fit without them cannot run, and is refused.
 */
import { memoryOfRun } from "../graph/peak-memory.ts"
import { withRecomputation } from "../graph/recompute.ts"
import { type EngineFailure, inputFailure } from "./engine-failure.ts"
import { type MemoryChoice, type MemoryMode, memoryModes, workPerKeptByte } from "./memory-mode.ts"
import { isMapped, unpackedBytes } from "./session.ts"
import type { TrainedGraph } from "./train-graph.ts"

export interface MemoryNeed {
  readonly mode: MemoryMode
  /** Memory of the process's own: it must be there. */
  readonly heapBytes: number
  /** Weights in place in the user's file. */
  readonly mappedBytes: number
}

export interface MemoryPlan extends MemoryNeed {
  readonly freeBytes: number
}

/** Node, ONNX Runtime's code and the graph while it is built. */
const processBytes = 280 * 2 ** 20
/** Inside kernels: copies in another layout, packed blocks. And what the allocator cannot hand out again. */
const kernelShare = 1.15
const kernelBytes = 64 * 2 ** 20
/** Parameters, gradient, its mean, sums in double precision, two moments, a snapshot of three and its copy. */
const bytesPerParameter = 4 * (1 + 2 + 2 + 2 + 6)

export interface ToTrain {
  /** One for each shape of picture. */
  readonly graphs: readonly TrainedGraph[]
  readonly weightBytes: number
  readonly parameters: number
}

export const memoryNeed = ({ graphs, weightBytes, parameters }: ToTrain, mode: MemoryMode): MemoryNeed => {
  const mapped = isMapped(weightBytes)
  const peaks = graphs.map((graph) => {
    const run = withRecomputation(graph, workPerKeptByte[mode])
    return memoryOfRun({ ...run, shapes: mapped ? "late" : "known" }).peakBytes
  })
  // Every session keeps the most it ever held.
  const runs = peaks.reduce((sum, peak) => sum + peak * kernelShare + kernelBytes, 0)
  const own = processBytes + parameters * bytesPerParameter + (mapped ? 0 : unpackedBytes(weightBytes) * graphs.length)
  return { mode, heapBytes: own + runs, mappedBytes: mapped ? weightBytes : 0 }
}

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

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
  const fits = (need: MemoryNeed, bytes: number): boolean => bytes <= freeBytes && need.heapBytes <= freeBytes
  const needs = (choice === "auto" ? memoryModes : [choice]).map(needOf)
  const chosen =
    needs.find((need) => fits(need, need.heapBytes + need.mappedBytes)) ??
    needs.findLast((need) => fits(need, need.heapBytes))
  if (chosen !== undefined) return { ...chosen, freeBytes }
  return impossible(needs.at(-1)!, freeBytes, needOf("small"))
}
