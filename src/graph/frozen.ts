/**
 * The frozen part of a graph: what depends on weights and constants alone, such as a weight's cast to float32.
 *
 * Its values are the same in every run, yet as large as the model. So each use makes them anew from the file's bytes,
 * right before it needs them, instead of keeping a forward pass's copy until the backward pass.
 */
import { nodeOn } from "./rebuild.ts"
import type { Node, Tensor } from "./tensor.ts"

/**
 * What a weight becomes (Cast, Reshape, a product with a constant, …) through new nodes of its own; undefined for any other
 * tensor. Followed along one input alone.
 */
export const frozenAnew = (tensor: Tensor): Tensor | undefined => {
  if (!isFrozen(tensor.node)) return undefined
  const chain: Tensor[] = []
  let source = tensor
  for (; source.node.op !== "Weight"; source = onlySource(source.node)!) chain.push(source)
  return chain.reduceRight((anew, { node, index }) => remade(node, anew)[index]!, source)
}

/** The one input that is no constant. */
const onlySource = ({ inputs }: Node): Tensor | undefined => {
  const [source, ...others] = inputs.filter(({ node }) => node.op !== "Constant")
  return others.length === 0 ? source : undefined
}

const remade = (node: Node, source: Tensor): readonly Tensor[] =>
  nodeOn(
    node,
    node.inputs.map((input) => (input.node.op === "Constant" ? input : source)),
  )

/** Nodes never change, and neither does this about them; without it long chains would be gone through again at every node. */
const known = new WeakMap<Node, boolean>()

const isFrozen = (node: Node): boolean => {
  const passed: Node[] = []
  let end: Node | undefined = node
  while (end !== undefined && end.op !== "Weight" && !known.has(end)) {
    passed.push(end)
    end = onlySource(end)?.node
  }
  const found = end !== undefined && (end.op === "Weight" || known.get(end)!)
  for (const one of passed) known.set(one, found)
  return found
}
