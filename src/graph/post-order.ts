/**
 * The nodes a set of tensors is computed from, each after everything it reads.
 *
 * Depth first, inputs in their order, so the result depends on the graph's form alone. Iterative: real graphs are
 * deeper than the call stack.
 */
import type { Node, Tensor } from "./tensor.ts"

/**
 * Nodes in `seen` (and what lies behind them) are skipped; the nodes returned are added to it. `inputsOf` may give a
 * node's inputs in another order.
 */
export const postOrder = (
  roots: readonly Tensor[],
  seen: Set<Node> = new Set(),
  inputsOf: (node: Node) => readonly Tensor[] = ({ inputs }) => inputs,
): readonly Node[] => {
  const order: Node[] = []
  const stack: { readonly node: Node; readonly inputs: readonly Tensor[]; next: number }[] = []
  const enter = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    stack.push({ node, inputs: inputsOf(node), next: 0 })
  }
  for (const root of roots) {
    enter(root.node)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.inputs[top.next]
      top.next += 1
      if (input !== undefined) enter(input.node)
      else order.push(stack.pop()!.node)
    }
  }
  return order
}
