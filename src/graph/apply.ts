/**
 * Makes nodes: the only place where one comes into being.
 *
 * Looks up the shape rule, numbers the node, ties the outputs to it. Everything else in this room calls `apply`.
 */
import type { Attributes, OperationName } from "./operations.ts"
import { shapeRules } from "./shape-rules.ts"
import type { Node, NodeOf, Tensor } from "./tensor.ts"

let nextId = 0

/** The id the next node will get: nodes with at least this id are younger than the call. */
export const nextNodeId = (): number => nextId

/** Applies an operation and returns all its outputs. */
export const applyAll = <O extends OperationName>(
  op: O,
  inputs: readonly Tensor[],
  attributes: Attributes[O],
): readonly Tensor[] => {
  const outputs: Tensor[] = []
  const node: NodeOf<O> = { id: nextId++, op, inputs, attributes, outputs }
  for (const type of shapeRules[op](inputs, attributes)) {
    // A NodeOf<O> is a Node for every single O; TypeScript cannot see it for an O that is itself a union.
    outputs.push({ node: node as unknown as Node, index: outputs.length, shape: type.shape, dtype: type.dtype })
  }
  return outputs
}

/** Applies an operation and returns its first output. */
export const apply = <O extends OperationName>(op: O, inputs: readonly Tensor[], attributes: Attributes[O]): Tensor =>
  applyAll(op, inputs, attributes)[0]!
