/**
 * Builders element by element: arithmetic, exponentials, comparison, selection, and sums over axes.
 *
 * Operands broadcast as in NumPy; a bare number stands for a float32 scalar. Nothing is simplified numerically
 * (x·0 stays: it may be a control dependency); only what would do nothing at all is left out.
 */
import { apply } from "./apply.ts"
import { constant } from "./leaves.ts"
import { reshape } from "./movement.ts"
import { normaliseAxis, reducedShape } from "./shape.ts"
import type { DType, Tensor } from "./tensor.ts"

export type Operand = Tensor | number

const tensorOf = (operand: Operand): Tensor => (typeof operand === "number" ? constant(operand) : operand)

export const add = (a: Operand, b: Operand): Tensor => apply("Add", [tensorOf(a), tensorOf(b)], {})
export const sub = (a: Operand, b: Operand): Tensor => apply("Sub", [tensorOf(a), tensorOf(b)], {})
export const mul = (a: Operand, b: Operand): Tensor => apply("Mul", [tensorOf(a), tensorOf(b)], {})
export const div = (a: Operand, b: Operand): Tensor => apply("Div", [tensorOf(a), tensorOf(b)], {})
export const neg = (x: Tensor): Tensor => apply("Neg", [x], {})

/** x·factor, and x itself for factor 1. */
export const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor))
export const square = (x: Tensor): Tensor => mul(x, x)

export const exp = (x: Tensor): Tensor => apply("Exp", [x], {})
export const log = (x: Tensor): Tensor => apply("Log", [x], {})
export const sqrt = (x: Tensor): Tensor => apply("Sqrt", [x], {})
export const erf = (x: Tensor): Tensor => apply("Erf", [x], {})
export const sigmoid = (x: Tensor): Tensor => apply("Sigmoid", [x], {})
export const tanh = (x: Tensor): Tensor => apply("Tanh", [x], {})

/** a > b, as bool */
export const greater = (a: Operand, b: Operand): Tensor => apply("Greater", [tensorOf(a), tensorOf(b)], {})
/** a = b, as bool */
export const equal = (a: Operand, b: Operand): Tensor => apply("Equal", [tensorOf(a), tensorOf(b)], {})
export const where = (condition: Tensor, whenTrue: Operand, whenFalse: Operand): Tensor =>
  apply("Where", [condition, tensorOf(whenTrue), tensorOf(whenFalse)], {})
/** Limits to [min, max]; the gradient is zero where the limit bites. */
export const clip = (x: Tensor, min: number, max: number): Tensor => apply("Clip", [x], { min, max })

export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply("Cast", [x], { to }))

const reduction =
  (op: "ReduceSum" | "ReduceMean") =>
  (x: Tensor, axes: readonly number[], keepdims = false): Tensor => {
    const normal = axes.map((axis) => normaliseAxis(axis, x.shape.length, op))
    const ascending = [...new Set(normal)].sort((a, b) => a - b)
    // Over axes of extent 1 there is nothing to add up.
    if (ascending.every((axis) => x.shape[axis] === 1)) return reshape(x, reducedShape(x.shape, ascending, keepdims))
    return apply(op, [x], { axes: ascending, keepdims })
  }

export const reduceSum = reduction("ReduceSum")
export const reduceMean = reduction("ReduceMean")

/** Mean over all elements, a scalar. */
export const meanOfAll = (x: Tensor): Tensor =>
  reduceMean(
    x,
    x.shape.map((_, axis) => axis),
  )
