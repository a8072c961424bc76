/**
 * Shapes of what moves values without computing.
 */
import { demand } from "./invalid-graph.ts"
import { broadcastShapes, elementCount, printShape, sameShape, sliceLength, withExtent } from "./shape.ts"
import { demandCount, demandSameDType, type ShapeRule, types } from "./shape-demands.ts"
import type { TensorType } from "./tensor.ts"

export const reshape: ShapeRule<"Reshape"> = (inputs, { shape }) => {
  demandCount("Reshape", inputs, 1)
  const from = inputs[0]!.shape
  demand(
    elementCount(from) === elementCount(shape) && shape.every(Number.isInteger),
    "Reshape",
    () => `${printShape(from)} to ${printShape(shape)}`,
    "both shapes must hold equally many elements",
  )
  return [{ shape, dtype: inputs[0]!.dtype }]
}

export const transpose: ShapeRule<"Transpose"> = (inputs, { perm }) => {
  demandCount("Transpose", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const isPermutation = perm.length === shape.length && shape.every((_, axis) => perm.includes(axis))
  demand(isPermutation, "Transpose", () => `perm ${printShape(perm)} of ${printShape(shape)}`, "name each axis once")
  return [{ shape: perm.map((axis) => shape[axis]!), dtype }]
}

export const slice: ShapeRule<"Slice"> = (inputs, { axis, start, end, step }) => {
  demandCount("Slice", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const extent = shape[axis] ?? 0
  const inside =
    step > 0 ? start >= 0 && start <= end && end <= extent : step < 0 && start < extent && end >= -1 && end <= start
  demand(
    inside,
    "Slice",
    () => `${start}:${end}:${step} on axis ${axis} of ${printShape(shape)}`,
    "start and end must lie inside the axis, in the step's direction",
  )
  return [{ shape: withExtent(shape, axis, sliceLength(start, end, step)), dtype }]
}

export const concat: ShapeRule<"Concat"> = (inputs, { axis }) => {
  demandCount("Concat", inputs, 1, Number.POSITIVE_INFINITY)
  const dtype = demandSameDType("Concat", inputs)
  const first = inputs[0]!.shape
  const fits = inputs.every(({ shape }) => sameShape(withExtent(shape, axis, 0), withExtent(first, axis, 0)))
  demand(fits, "Concat", () => `${types(inputs)} along axis ${axis}`, "all other extents must be equal")
  return [
    {
      shape: withExtent(
        first,
        axis,
        inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0),
      ),
      dtype,
    },
  ]
}

export const pad: ShapeRule<"Pad"> = (inputs, { before, after }) => {
  demandCount("Pad", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const fits = [before, after].every((widths) => widths.length === shape.length && widths.every((width) => width >= 0))
  demand(fits, "Pad", () => `${before} before, ${after} after ${printShape(shape)}`, "one width ≥ 0 per axis and side")
  return [{ shape: shape.map((extent, axis) => before[axis]! + extent + after[axis]!), dtype }]
}

export const expand: ShapeRule<"Expand"> = (inputs, { shape }) => {
  demandCount("Expand", inputs, 1)
  const from = inputs[0]!
  const fits = sameShape(broadcastShapes(from.shape, shape, "Expand"), shape)
  demand(fits, "Expand", () => `${printShape(from.shape)} to ${printShape(shape)}`, "the target must hold the input")
  return [{ shape, dtype: from.dtype }]
}

export const gather: ShapeRule<"Gather"> = (inputs) => {
  demandCount("Gather", inputs, 2)
  const [table, indices] = inputs as [TensorType, TensorType]
  demand(indices.dtype === "int64", "Gather", () => `indices of dtype ${indices.dtype}`, "indices are int64")
  demand(table.shape.length > 0, "Gather", () => "the table is a scalar", "the table needs rows")
  return [{ shape: [...indices.shape, ...table.shape.slice(1)], dtype: table.dtype }]
}
