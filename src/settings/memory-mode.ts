/**
 * How much of the forward pass a training step keeps for its backward pass: time against memory.
 *
 * A mode changes how a step is computed, not what: values that are not kept are computed again by the same operations
 * from the same numbers, and come out the same bit for bit. So it enters no key and stands in no file.
 */

export const memoryModes = ["fast", "balanced", "small"] as const
export type MemoryMode = (typeof memoryModes)[number]

/** "auto": the first mode that fits into the free memory. */
export const memoryChoices = ["auto", ...memoryModes] as const
export type MemoryChoice = (typeof memoryChoices)[number]
