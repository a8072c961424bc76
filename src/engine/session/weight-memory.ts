/**
 * Where a session's weights lie: unpacked on the heap, or in place in the user's file.
 *
 * One limit decides it, for the session that is made as for the plan that foresees its memory.
 */
import type { GraphShapes } from "../../graph/onnx/dynamic-shapes.ts"

/**
 * Below this, 16-bit weights are unpacked to float32 once, when the session is made, and packed for the matrix kernels:
 * at most twice this much memory buys the fastest runs. Above it they stay mapped from the user's file and are cast
 * layer by layer in every run, which costs time in proportion but hardly any memory.
 */
export const unpackedWeightBytesLimit = 512 * 1024 * 1024

/** Whether weights of so many bytes stay in their file. */
export const isMapped = (weightBytes: number): boolean => weightBytes > unpackedWeightBytesLimit

/** What weights that do not may become at most: twice as wide, and packed beside that. */
export const unpackedBytes = (weightBytes: number): number => 4 * weightBytes

/** Where weights stay in their file, the memory of the run itself counts, and dynamic shapes hold less of it. */
export const shapesIn = (weightBytes: number): GraphShapes => (isMapped(weightBytes) ? "dynamic" : "static")
