/**
 * Control dependencies: a value waits for others that it does not depend on.
 *
 * The order of execution follows from the graph alone, so a recomputed value must depend on what it shall come after:
 * it gets 0 times one element of that added, which changes nothing (a NaN passes through, but then the step is lost
 * anyway). The same addition keeps ONNX Runtime from merging a recomputed node with its first computation.
 */
import { add, mul } from "./arithmetic.ts"
import { reshape, slice } from "./movement.ts"
import type { Tensor } from "./tensor.ts"

/** One element, times 0. */
const zeroOf = (x: Tensor): Tensor => mul(slice(reshape(x, [-1]), { axis: 0, start: 0, end: 1 }), 0)

/** 0, computed after all of these. */
export const controlDependency = (first: Tensor, ...others: readonly Tensor[]): Tensor =>
  others.reduce((sum, other) => add(sum, zeroOf(other)), zeroOf(first))

/** x, computed after what `dependency` waits for. */
export const waitingFor = (dependency: Tensor, x: Tensor): Tensor => add(x, dependency)
