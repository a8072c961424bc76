/**
 * Where each operation's kernel in ONNX Runtime puts its first output: one row per operation, total over the list.
 *
 * A kernel says so where it is registered (`MayInplace`, `Alias`). It writes over an input only if that has the same
 * type and nobody reads it afterwards. "own" is the safe answer: it plans for more than is held.
 */
import type { OperationName } from "../operations.ts"
import type { Node } from "../tensor.ts"

export type ResultPlace =
  /** In memory of its own. */
  | "own"
  /** Over the first input. */
  | "over first"
  /** Over the first input, or else over the second. */
  | "over either"
  /** It is the first input under another shape: no byte moves. */
  | "view"

export const resultPlaces: Readonly<Record<OperationName, ResultPlace>> = {
  Input: "own",
  Weight: "own",
  Constant: "own",

  Add: "over either",
  Sub: "over either",
  Mul: "over either",
  Div: "over either",
  Neg: "over first",

  Exp: "over first",
  Log: "over first",
  Sqrt: "over first",
  Erf: "over first",
  Sigmoid: "over first",
  Tanh: "over first",

  Greater: "own",
  Equal: "own",
  Where: "own",
  Clip: "own",

  ReduceSum: "own",
  ReduceMean: "own",

  Reshape: "view",
  Transpose: "own",
  Slice: "own",
  Concat: "own",
  Pad: "own",
  Expand: "own",
  Gather: "own",

  MatMul: "own",
  Gemm: "own",

  Conv: "own",
  ConvTranspose: "own",
  Resize: "own",
  AveragePool: "own",

  Softmax: "over first",
  LayerNormalization: "own",
  MultiHeadAttention: "own",
  Gelu: "own",
  QuickGelu: "over first",

  Cast: "own",
}

/** Whether the node's output is its input's bytes under another shape. */
export const isView = ({ op }: Node): boolean => resultPlaces[op] === "view"
