/**
 * Arithmetic on shapes: sizes, axes, broadcasting, and what a window sliding over an extent leaves.
 *
 * Everything here is about numbers; no tensor is made.
 */
import { demand } from "./invalid-graph.ts"
import type { Shape } from "./tensor.ts"

export const elementCount = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1)

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis])

export const printShape = (shape: Shape): string => `[${shape.join(",")}]`

/** Negative axes count from the end, as in ONNX. */
export const normaliseAxis = (axis: number, rank: number, where: string): number => {
  const normal = axis < 0 ? axis + rank : axis
  const fits = Number.isInteger(axis) && normal >= 0 && normal < rank
  demand(fits, where, () => `axis ${axis} of a tensor of rank ${rank}`, "axes run from -rank to rank - 1")
  return normal
}

/** NumPy's rule: align at the last axis; extents are equal or one of them is 1. */
export const broadcastShapes = (a: Shape, b: Shape, where: string): Shape => {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    demand(
      left === right || left === 1 || right === 1,
      where,
      () => `shapes ${printShape(a)} and ${printShape(b)} do not broadcast`,
      "extents, aligned at the last axis, must be equal or 1",
    )
    return left === 1 ? right : left
  })
}

/** The axes over which `from` must be summed to undo its broadcasting from `to`; leading new axes included. */
export const broadcastAxes = (to: Shape, from: Shape): readonly number[] => {
  const extra = from.length - to.length
  return from.flatMap((extent, axis) => (axis < extra || (to[axis - extra] === 1 && extent !== 1) ? [axis] : []))
}

export const reducedShape = (shape: Shape, axes: readonly number[], keepdims: boolean): Shape =>
  keepdims
    ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : shape.filter((_, axis) => !axes.includes(axis))

export const withExtent = (shape: Shape, axis: number, extent: number): Shape =>
  shape.map((old, index) => (index === axis ? extent : old))

/** Elements taken by a slice from `start` (included) to `end` (excluded) by `step`; negative steps walk down. */
export const sliceLength = (start: number, end: number, step: number): number =>
  Math.max(0, Math.ceil((end - start) / step))

/** Positions of a window of `kernel` elements that moves by `stride` over `extent` elements. */
export const windowCount = (extent: number, kernel: number, stride: number): number =>
  Math.floor((extent - kernel) / stride) + 1
