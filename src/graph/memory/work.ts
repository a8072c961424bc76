/**
 * How much arithmetic an operation takes: multiplications and additions of products, counted from the shapes.
 *
 * Only what contracts is counted exactly; everything else is a few operations per element, which memory traffic outweighs.
 */
import { elementCount } from "../shape.ts"
import type { Node } from "../tensor.ts"

/** Floating-point operations of one run of the node. */
export const floatingPointOperations = (node: Node): number => {
  const [out, first, second] = [node.outputs[0]!, node.inputs[0], node.inputs[1]]
  const elements = elementCount(out.shape)
  switch (node.op) {
    case "MatMul":
      return 2 * elements * first!.shape.at(node.attributes.transA ? -2 : -1)!
    case "Gemm":
      return 2 * elements * first!.shape[node.attributes.transA ? 0 : 1]!
    case "Conv":
      return 2 * elements * elementCount(second!.shape.slice(1))
    case "ConvTranspose":
      return 2 * elementCount(first!.shape) * elementCount(second!.shape.slice(1))
    case "MultiHeadAttention":
      return 4 * elements * second!.shape[1]!
    default:
      return elements
  }
}
