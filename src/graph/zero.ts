/**
 * Values that are zero whatever is fed: told from the graph alone.
 *
 * A parameter whose gradient is such a value cannot move, and that is no mistake: attention over a single key does not depend on its
 * query. One row per operation, total over the list; "unknown" is the safe answer.
 */
import { filledWith } from "./leaves.ts"
import type { OperationName } from "./operations.ts"
import type { Tensor } from "./tensor.ts"

type ZeroWhen =
  /** The first input is. */
  | "first"
  /** One of the first two inputs is, and all further ones are. */
  | "product"
  /** All inputs are. */
  | "all"
  /** Not told from the inputs. */
  | "unknown"

export const zeroWhen: Readonly<Record<OperationName, ZeroWhen>> = {
  Input: "unknown",
  Weight: "unknown",
  Constant: "unknown",

  Add: "all",
  Sub: "all",
  Mul: "product",
  Div: "first",
  Neg: "first",

  Exp: "unknown",
  Log: "unknown",
  Sqrt: "first",
  Erf: "first",
  Sigmoid: "unknown",
  Tanh: "first",

  Greater: "unknown",
  Equal: "unknown",
  Where: "unknown",
  Clip: "unknown",

  ReduceSum: "first",
  ReduceMean: "first",

  Reshape: "first",
  Transpose: "first",
  Slice: "first",
  Concat: "all",
  Pad: "first",
  Expand: "first",
  Gather: "first",

  MatMul: "product",
  Gemm: "product",

  Conv: "product",
  ConvTranspose: "product",
  Resize: "first",
  AveragePool: "first",

  Softmax: "unknown",
  LayerNormalization: "unknown",
  MultiHeadAttention: "unknown",
  Gelu: "first",
  QuickGelu: "first",

  Cast: "first",
}

/** Tells of tensors of one graph; it remembers what it has found. */
export const zeroTeller = (): ((tensor: Tensor) => boolean) => {
  const known = new Map<Tensor, boolean>()
  const find = (tensor: Tensor): boolean => {
    const { op, inputs } = tensor.node
    switch (zeroWhen[op]) {
      case "first":
        return isZero(inputs[0]!)
      case "product":
        return (isZero(inputs[0]!) || isZero(inputs[1]!)) && inputs.slice(2).every(isZero)
      case "all":
        return inputs.every(isZero)
      case "unknown":
        return filledWith(tensor) === 0
    }
  }
  const isZero = (tensor: Tensor): boolean => {
    const found = known.get(tensor) ?? find(tensor)
    known.set(tensor, found)
    return found
  }
  return isZero
}
