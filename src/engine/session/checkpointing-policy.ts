/**
 * The checkpointing policy: what each memory mode keeps of the forward pass, and what a run then holds.
 *
 * "fast" keeps all that the backward pass reads. "balanced" keeps products and makes norms, activations and copies again, which
 * costs next to nothing. "small" makes products again too, as few as it takes to come down to three tenths of what "fast" holds.
 */
import { memoryOfRun } from "../../graph/memory/peak-memory.ts"
import { type DifferentiatedGraph, withRecomputation } from "../../graph/memory/recompute.ts"
import type { GraphShapes } from "../../graph/onnx/dynamic-shapes.ts"
import type { MemoryMode } from "../jobs/memory-mode.ts"

export interface CheckpointedGraph<G> {
  readonly graph: G
  /** The most that one run holds of values of its own. */
  readonly peakBytes: number
}

/** Floating-point operations that keeping one byte must save (see graph/memory/recompute.ts): a product of 128 terms saves as many. */
const balancedWorkPerByte = 64
/** Of what "fast" holds. */
const smallShare = 0.3
/** "small" raises the number by sixteenths of an octave, up to where a product of 16384 terms is made again. */
const stepsPerOctave = 16
const octaves = 7

const withWork = <G extends DifferentiatedGraph>(
  graph: G,
  workPerByte: number,
  shapes: GraphShapes,
): CheckpointedGraph<G> => {
  const rewritten = withRecomputation(graph, workPerByte)
  return { graph: rewritten, peakBytes: memoryOfRun({ ...rewritten, shapes }).peakBytes }
}

/** The one that makes the fewest products again among those that hold at most so much; if none does, the smallest. */
const within = <G extends DifferentiatedGraph>(
  graph: G,
  mostBytes: number,
  shapes: GraphShapes,
): CheckpointedGraph<G> => {
  let [low, high] = [0, stepsPerOctave * octaves]
  let found = withWork(graph, balancedWorkPerByte * 2 ** octaves, shapes)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const tried = withWork(graph, balancedWorkPerByte * 2 ** (middle / stepsPerOctave), shapes)
    if (tried.peakBytes > mostBytes) low = middle + 1
    else [high, found] = [middle, tried]
  }
  return found
}

/** A differentiated graph as this mode runs it. */
export const withCheckpointing = <G extends DifferentiatedGraph>(
  graph: G,
  mode: MemoryMode,
  shapes: GraphShapes,
): CheckpointedGraph<G> => {
  if (mode === "fast") return withWork(graph, 0, shapes)
  if (mode === "balanced") return withWork(graph, balancedWorkPerByte, shapes)
  return within(graph, smallShare * withWork(graph, 0, shapes).peakBytes, shapes)
}
