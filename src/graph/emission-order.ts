/**
 * The order in which a training graph's nodes stand in the ONNX file; it decides peak memory.
 *
 * ONNX Runtime, run sequentially, walks depth first from the nodes nobody reads: the one standing LAST in the list
 * first, and at each node the input whose producer stands last first. (Measured on 16 blocks with recomputed
 * activations: 276 MB in the order below, 1573 MB with leaves beside their layers.) Hence:
 *   1. what depends on frozen weights and constants alone (casts, flips): standing first, it runs just before its use;
 *   2. forward, as the outputs need it;
 *   3. backward, last block first;
 *   4. the leaves, each layer's gradients, from the first layer to the last. So the loss-nearest leaf is taken
 *      first, and no activation waits for the end of the backward pass.
 * Promise: every node stands after what it reads, and the order depends only on the graph's form.
 */
import { postOrder } from "./post-order.ts"
import type { Node, Tensor } from "./tensor.ts"

export const emissionOrder = (outputs: readonly Tensor[], leaves: readonly Tensor[]): readonly Node[] => {
  const seen = new Set<Node>()
  const forward = postOrder(outputs, seen)
  const leafNodes = new Set(leaves.map(({ node }) => node).filter((node) => !seen.has(node)))
  const lastLayerFirst = [...leafNodes].reverse().flatMap(({ inputs }) => inputs)
  const backward = postOrder(lastLayerFirst, seen)
  // A leaf that another leaf is computed from has been listed with the backward part already.
  const last = postOrder(leaves, seen)
  return weightsFirst([...forward, ...backward, ...last])
}

/** Moves to the front, in the same relative order, every node that no fed input can reach. */
const weightsFirst = (nodes: readonly Node[]): readonly Node[] => {
  const fed = new Set<Node>()
  for (const node of nodes) {
    if (node.op === "Input" || node.inputs.some((input) => fed.has(input.node))) fed.add(node)
  }
  return [...nodes.filter((node) => !fed.has(node)), ...nodes.filter((node) => fed.has(node))]
}
