/**
 * The two types of the intermediate representation: a node applies one operation, a tensor is one output of a node.
 *
 * The one idea: a graph is nothing but tensors pointing at the nodes that make them. There is no graph object and no
 * registry; whoever holds a tensor holds everything it is computed from. Shapes are static and known at once.
 * Nodes are never changed after creation, and every input of a node is older than the node (has a smaller id).
 */
import type { Attributes, OperationName } from "./operations.ts"

export type DType = "float32" | "float16" | "bfloat16" | "int64" | "bool"

/** Extent of each dimension, outermost first. `[]` is a scalar. */
export type Shape = readonly number[]

/** One application of operation `O`. */
export interface NodeOf<O extends OperationName> {
  /** Creation order in this process. Only the order means something; no output of this room contains it. */
  readonly id: number
  readonly op: O
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes[O]
  readonly outputs: readonly Tensor[]
}

/** A node of any operation; `node.op` tells which, and narrows `node.attributes`. */
export type Node = { readonly [O in OperationName]: NodeOf<O> }[OperationName]

/** What a shape rule says about one output. */
export interface TensorType {
  readonly shape: Shape
  readonly dtype: DType
}

export interface Tensor extends TensorType {
  readonly node: Node
  /** Which output of the node. */
  readonly index: number
}
