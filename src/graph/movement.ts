/**
 * Builders that move values without computing: reshape, transpose, slice, concat, pad, expand, gather.
 *
 * Calls that would change nothing return their argument.
 */
import { apply } from "./apply.ts"
import { demand } from "./invalid-graph.ts"
import { elementCount, normaliseAxis, printShape, sameShape, withExtent } from "./shape.ts"
import type { Shape, Tensor } from "./tensor.ts"

/** One extent may be -1: it takes what the others leave. */
export const reshape = (x: Tensor, shape: Shape): Tensor => {
  const rest = elementCount(shape.filter((extent) => extent !== -1))
  const full = shape.map((extent) => (extent === -1 ? elementCount(x.shape) / rest : extent))
  return sameShape(x.shape, full) ? x : apply("Reshape", [x], { shape: full })
}

export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  perm.length === x.shape.length && perm.every((axis, index) => axis === index) ? x : apply("Transpose", [x], { perm })

/** The last two axes change places. */
export const matrixTranspose = (x: Tensor): Tensor => {
  const rank = x.shape.length
  const perm = x.shape.map((_, axis) => axis)
  return transpose(x, [...perm.slice(0, -2), rank - 1, rank - 2])
}

export interface SliceRange {
  readonly axis: number
  readonly start: number
  /** Excluded. For a negative step, -1 is the place before the first element. */
  readonly end: number
  readonly step?: number
}

export const slice = (x: Tensor, { axis, start, end, step = 1 }: SliceRange): Tensor => {
  const normal = normaliseAxis(axis, x.shape.length, "Slice")
  if (step === 1 && start === 0 && end === x.shape[normal]) return x
  return apply("Slice", [x], { axis: normal, start, end, step })
}

/** The elements of one axis in the opposite order. */
export const reversed = (x: Tensor, axis: number): Tensor => {
  const normal = normaliseAxis(axis, x.shape.length, "Slice")
  return slice(x, { axis: normal, start: x.shape[normal]! - 1, end: -1, step: -1 })
}

/** Consecutive pieces of the given extents along one axis; the inverse of concat. */
export const split = (x: Tensor, extents: readonly number[], axis: number): readonly Tensor[] => {
  const whole = x.shape[normaliseAxis(axis, x.shape.length, "split")]
  const sum = extents.reduce((total, extent) => total + extent, 0)
  demand(sum === whole, "split", () => `pieces ${extents} of ${printShape(x.shape)}`, "the pieces must fill the axis")
  return extents.map((extent, index) => {
    const start = extents.slice(0, index).reduce((total, earlier) => total + earlier, 0)
    return slice(x, { axis, start, end: start + extent })
  })
}

export const concat = (xs: readonly Tensor[], axis: number): Tensor => {
  demand(xs.length > 0, "Concat", () => "no tensors", "give at least one")
  const normal = normaliseAxis(axis, xs[0]!.shape.length, "Concat")
  return xs.length === 1 ? xs[0]! : apply("Concat", xs, { axis: normal })
}

/** Zeros around. `pads` as in ONNX: all widths before, axis by axis, then all widths after. */
export const pad = (x: Tensor, pads: readonly number[]): Tensor => {
  const rank = x.shape.length
  const fits = pads.length === 2 * rank
  demand(fits, "Pad", () => `pads ${pads} for ${printShape(x.shape)}`, "give two widths per axis")
  if (pads.every((width) => width === 0)) return x
  return apply("Pad", [x], { before: pads.slice(0, rank), after: pads.slice(rank) })
}

/** Zeros before and after along one axis. */
export const padAxis = (x: Tensor, axis: number, before: number, after: number): Tensor => {
  const none = x.shape.map(() => 0)
  return pad(x, [...withExtent(none, axis, before), ...withExtent(none, axis, after)])
}

export const expand = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply("Expand", [x], { shape })

/** Rows of `table` by int64 indices: the table's first axis is replaced by the shape of the indices. */
export const gather = (table: Tensor, indices: Tensor): Tensor => apply("Gather", [table, indices], {})
