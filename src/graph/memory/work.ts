/**
 * How much arithmetic an operation takes: one count per operation, total over the list.
 *
 * Only what contracts is counted exactly, from the shapes; everything else is a few operations per element, which
 * memory traffic outweighs.
 */
import type { OperationName } from "../operations.ts"
import { elementCount } from "../shape.ts"
import type { NodeOf, Tensor } from "../tensor.ts"

/** Floating-point operations of one run of the node. */
type Work<O extends OperationName> = (node: NodeOf<O>) => number

interface Result {
  readonly outputs: readonly Tensor[]
}

const none = (): number => 0
const perElement = ({ outputs }: Result): number => elementCount(outputs[0]!.shape)
/** A product of so many terms for each element: a multiplication and an addition per term. */
const products = (result: Result, terms: number): number => 2 * perElement(result) * terms

const work: { readonly [O in OperationName]: Work<O> } = {
  Input: none,
  Weight: none,
  Constant: none,

  Add: perElement,
  Sub: perElement,
  Mul: perElement,
  Div: perElement,
  Neg: perElement,

  Exp: perElement,
  Log: perElement,
  Sqrt: perElement,
  Erf: perElement,
  Sigmoid: perElement,
  Tanh: perElement,

  Greater: perElement,
  Equal: perElement,
  Where: perElement,
  Clip: perElement,

  ReduceSum: perElement,
  ReduceMean: perElement,

  Reshape: perElement,
  Transpose: perElement,
  Slice: perElement,
  Concat: perElement,
  Pad: perElement,
  Expand: perElement,
  Gather: perElement,

  MatMul: (node) => products(node, node.inputs[0]!.shape.at(node.attributes.transA ? -2 : -1)!),
  Gemm: (node) => products(node, node.inputs[0]!.shape[node.attributes.transA ? 0 : 1]!),

  Conv: (node) => products(node, elementCount(node.inputs[1]!.shape.slice(1))),
  // Each input element goes once to every place of the kernel.
  ConvTranspose: ({ inputs: [x, w] }) => 2 * elementCount(x!.shape) * elementCount(w!.shape.slice(1)),
  Resize: perElement,
  AveragePool: perElement,

  Softmax: perElement,
  LayerNormalization: perElement,
  // Scores, and the sums that they weight.
  MultiHeadAttention: (node) => 2 * products(node, node.inputs[1]!.shape[1]!),
  Gelu: perElement,
  QuickGelu: perElement,

  Cast: perElement,
}

export const floatingPointOperations = <O extends OperationName>(node: NodeOf<O>): number => work[node.op](node)
