/**
 * Where the values of a run lie: in an arena that is kept from run to run, or in one block that is laid out beforehand.
 *
 * The arena is fastest, but it grows by a GiB at a time, never gives anything back, and falls into pieces: SDXL's step needs 3.3 GB
 * there, and 2.2 GB in a block. The block is laid out by ONNX Runtime from what its first run asks for; it is fresh memory in every
 * run, which takes 3 % more time, and the first run, which has none, takes half as long again.
 */
import type { MemoryMode } from "../../settings/memory-mode.ts"

/** From here on the arena's waste is worth more than the time. */
const arenaBytesLimit = 1.5 * 2 ** 30

/** Modes that give time for memory. */
const isSparing = (mode: MemoryMode): boolean => mode !== "fast"

export const liesInBlock = (peakBytes: number, mode: MemoryMode): boolean =>
  isSparing(mode) && peakBytes > arenaBytesLimit
