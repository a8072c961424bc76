/**
 * The frozen part of a graph: what depends on weights and constants alone, such as a weight's cast to float32.
 *
 * Its values are the same in every run, yet as large as the model. So each use makes them anew from the file's bytes,
 * right before it needs them, instead of keeping a forward pass's copy until the backward pass.
 */
import { nodeOn } from "./rebuild.ts"
import type { Tensor } from "./tensor.ts"

/** A frozen weight through new nodes of its own (Cast, Reshape, …); undefined for any other tensor. */
export const frozenAnew = (tensor: Tensor): Tensor | undefined => {
  const { node } = tensor
  if (node.op === "Weight") return tensor
  const [source, ...others] = node.inputs
  const anew = source !== undefined && others.length === 0 ? frozenAnew(source) : undefined
  return anew && nodeOn(node, [anew])[tensor.index]
}
