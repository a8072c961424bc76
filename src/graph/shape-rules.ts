/**
 * Shape and dtype of every operation's outputs: one rule per operation, total over the list.
 *
 * A rule receives the inputs and the attributes, refuses what ONNX Runtime would refuse later and less clearly, and
 * says what comes out. Order as in `operations.ts`; rules by kind in `…-shapes.ts`, as the builders are.
 */
import { binary, reduction, selection, unary } from "./arithmetic-shapes.ts"
import { averagePool, conv, convTranspose, gemm, matMul, resize } from "./contraction-shapes.ts"
import { demand } from "./invalid-graph.ts"
import { concat, expand, gather, pad, reshape, slice, transpose } from "./movement-shapes.ts"
import { layerNormalization, multiHeadAttention } from "./normalisation-shapes.ts"
import type { OperationName } from "./operations.ts"
import { printShape } from "./shape.ts"
import { demandCount, type Inputs, type ShapeRule } from "./shape-demands.ts"
import type { TensorType } from "./tensor.ts"

const cast: ShapeRule<"Cast"> = (inputs, { to }) => {
  demandCount("Cast", inputs, 1)
  return [{ shape: inputs[0]!.shape, dtype: to }]
}

const leaf = (_: Inputs, { shape, dtype }: TensorType): readonly TensorType[] => {
  const fits = shape.every((extent) => Number.isInteger(extent) && extent >= 0)
  demand(fits, "leaf", () => `shape ${printShape(shape)}`, "extents are whole numbers ≥ 0")
  return [{ shape, dtype }]
}

export const shapeRules: { readonly [O in OperationName]: ShapeRule<O> } = {
  Input: leaf,
  Weight: leaf,
  Constant: leaf,
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Neg: unary("Neg"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Sqrt: unary("Sqrt"),
  Erf: unary("Erf"),
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Greater: binary("Greater", "bool"),
  Equal: binary("Equal", "bool"),
  Where: selection,
  Clip: unary("Clip"),
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  Reshape: reshape,
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
  Pad: pad,
  Expand: expand,
  Gather: gather,
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
  ConvTranspose: convTranspose,
  Resize: resize,
  AveragePool: averagePool,
  Softmax: unary("Softmax"),
  LayerNormalization: layerNormalization,
  MultiHeadAttention: multiHeadAttention,
  Gelu: unary("Gelu"),
  QuickGelu: unary("QuickGelu"),
  Cast: cast,
}
