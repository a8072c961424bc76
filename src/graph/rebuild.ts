/**
 * A graph with some of its tensors replaced: what rewrites are made of.
 *
 * Nodes never change, so every node that reads a replaced tensor, directly or not, is made anew; all others stay.
 */
import { applyAll } from "./apply.ts"
import type { OperationName } from "./operations.ts"
import { postOrder } from "./post-order.ts"
import type { Node, NodeOf, Tensor } from "./tensor.ts"

/** The node once more, on other inputs. */
export const nodeOn = <O extends OperationName>(
  { op, attributes }: NodeOf<O>,
  inputs: readonly Tensor[],
): readonly Tensor[] => applyAll(op, inputs, attributes)

/**
 * The roots, and what they are computed from, with every read of a tensor replaced by what `replacement` gives for it;
 * undefined leaves it. Nodes in `untouched` stay as they are, with all that lies behind them.
 */
export const rebuilt = (
  roots: readonly Tensor[],
  replacement: (read: Tensor, reader: Node) => Tensor | undefined,
  untouched: ReadonlySet<Node> = new Set(),
): readonly Tensor[] => {
  const made = new Map<Node, readonly Tensor[]>()
  const now = (tensor: Tensor): Tensor => made.get(tensor.node)?.[tensor.index] ?? tensor
  for (const node of postOrder(roots, new Set(untouched))) {
    const inputs = node.inputs.map((input) => replacement(input, node) ?? now(input))
    if (inputs.some((input, index) => input !== node.inputs[index])) made.set(node, nodeOn(node, inputs))
  }
  return roots.map(now)
}
