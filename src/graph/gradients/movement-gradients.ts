/**
 * Gradients of movements and reductions: each is the mirror image of the movement itself.
 */
import { cast, equal } from "../arithmetic.ts"
import { gemm } from "../contraction.ts"
import { constant } from "../leaves.ts"
import { expand, padAxis, reshape, reversed, slice } from "../movement.ts"
import type { Attributes } from "../operations.ts"
import { elementCount, reducedShape, withExtent } from "../shape.ts"
import type { Shape, Tensor } from "../tensor.ts"
import type { InputGradient } from "./gradient-rule.ts"

/** Repeats g along the axes that were summed over. */
export const reductionGradient = (axes: readonly number[], shape: Shape, g: Tensor): Tensor =>
  expand(reshape(g, reducedShape(shape, axes, true)), shape)

/**
 * Puts g back to the places the slice had taken, zeros elsewhere.
 *
 * Example: extent 7, start 1, step 3 takes places 1 and 4. g = [p, q] is spread to [p,0,0,q,0,0], then padded to
 * [0,p,0,0,q,0,0]. A negative step took them in the other order, so g is turned round first.
 */
export const sliceGradient = (taken: Attributes["Slice"], shape: Shape, g: Tensor): Tensor => {
  const { axis, start, step } = taken
  const count = g.shape[axis]!
  const first = step < 0 ? start + (count - 1) * step : start
  const ascending = step < 0 ? reversed(g, axis) : g
  const stride = Math.abs(step)
  const room = shape[axis]! - first
  const spreadOut = slice(spread(ascending, axis, stride), { axis, start: 0, end: Math.min(count * stride, room) })
  return padAxis(spreadOut, axis, first, room - spreadOut.shape[axis]!)
}

/** stride − 1 zeros after every element along one axis. */
const spread = (x: Tensor, axis: number, stride: number): Tensor => {
  if (stride === 1) return x
  const column = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)])
  return reshape(padAxis(column, axis + 1, 0, stride - 1), withExtent(x.shape, axis, x.shape[axis]! * stride))
}

/** Each part gets its own piece of g. */
export const concatGradient = (axis: number, parts: readonly Tensor[], g: Tensor): readonly InputGradient[] => {
  let end = 0
  return parts.map(({ shape }) => {
    const start = end
    end = start + shape[axis]!
    const range = { axis, start, end }
    return () => slice(g, range)
  })
}

/** Cuts the border off. */
export const padGradient = (before: readonly number[], shape: Shape, g: Tensor): Tensor =>
  shape.reduce((cut, extent, axis) => {
    const start = before[axis]!
    return slice(cut, { axis, start, end: start + extent })
  }, g)

/**
 * Gradients of rows that were read several times add up: dTable = Mᵀ·g with M[i, r] = 1 where index i names row r.
 *
 * The one-hot matrix costs indices × rows floats, fine for a text's tokens. No scatter: its sums have no fixed order.
 * Indices are taken to be ≥ 0.
 */
export const gatherGradient = (table: Shape, indices: Tensor, g: Tensor): Tensor => {
  const [rows, count] = [table[0]!, elementCount(indices.shape)]
  const rowNumbers = constant(BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)))
  const oneHot = cast(equal(reshape(indices, [count, 1]), rowNumbers), "float32")
  return reshape(gemm(oneHot, reshape(g, [count, -1]), { transA: true }), table)
}
