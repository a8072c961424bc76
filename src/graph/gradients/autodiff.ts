/**
 * Reverse-mode differentiation: from one number back to chosen tensors, as a graph.
 *
 * Problem: a diffusion model has a thousand layers and frozen weights; we want the loss's gradient for a few hundred
 * small matrices and nothing else. Method, in five sentences: collect the nodes the loss is computed from; keep those
 * that depend on a target; start with 1 at the loss; go backwards, newest node first, asking each node's rule only for
 * inputs that lead to a target, and add what arrives at the same tensor; hand back what arrived at the targets, zeros
 * where nothing did. Newest first is right because every node is younger than its inputs.
 *
 * Example: loss = mean(gemm(x, w)·…), target w: the rule of Gemm is asked for dw and never for dx.
 *
 * Two habits of the walk serve memory and speed. A frozen weight stored in 16 bits is cast anew for the backward pass,
 * or its float32 copy would live from the forward pass until then. And a matrix product that arrives second takes the
 * first gradient as its C, which saves the addition.
 * Limits: first derivatives only through the first output of a node.
 */
import { nextNodeId } from "../apply.ts"
import { add, reduceSum } from "../arithmetic.ts"
import { gemm } from "../contraction.ts"
import { frozenAnew } from "../frozen.ts"
import { demand } from "../invalid-graph.ts"
import { ones, zeros } from "../leaves.ts"
import { reshape } from "../movement.ts"
import type { OperationName } from "../operations.ts"
import { postOrder } from "../post-order.ts"
import { broadcastAxes, elementCount, printShape, sameShape } from "../shape.ts"
import type { Node, NodeOf, Shape, Tensor } from "../tensor.ts"
import { type GradientRule, type InputGradient, NoGradient } from "./gradient-rule.ts"
import { gradientRules } from "./gradients.ts"

/** Gradients of `loss`, a tensor of one element, with respect to each target. */
export const gradients = (loss: Tensor, targets: readonly Tensor[]): readonly Tensor[] => {
  demand(
    elementCount(loss.shape) === 1,
    "gradients",
    () => `loss of shape ${printShape(loss.shape)}`,
    "reduce it to one",
  )
  const wanted = new Set(targets)
  const dependent = nodesDependingOn(wanted, loss)
  const leadsToTarget = (tensor: Tensor): boolean => wanted.has(tensor) || dependent.has(tensor.node)
  const arrived = new Map<Tensor, Tensor>([[loss, ones(loss.shape)]])
  const newestFirst = [...dependent].sort((a, b) => b.id - a.id)
  for (const node of newestFirst) passBack(node, arrived, leadsToTarget)
  return targets.map((target) => arrived.get(target) ?? zeros(target.shape))
}

/** The nodes between the targets and the loss: those with an input that is a target or comes from such a node. */
const nodesDependingOn = (targets: ReadonlySet<Tensor>, loss: Tensor): ReadonlySet<Node> => {
  const dependent = new Set<Node>()
  for (const node of postOrder([loss])) {
    if (node.inputs.some((input) => targets.has(input) || dependent.has(input.node))) dependent.add(node)
  }
  return dependent
}

/** Hands the gradient that arrived at a node's output on to its inputs. */
const passBack = (node: Node, arrived: Map<Tensor, Tensor>, leadsToTarget: (tensor: Tensor) => boolean): void => {
  const y = node.outputs[0]!
  const g = arrived.get(y)
  const inputGradients = g === undefined ? [] : inputGradientsOf(node, y, g)
  node.inputs.forEach((input, index) => {
    const inputGradient = inputGradients[index]
    if (inputGradient === undefined || !leadsToTarget(input)) return
    demand(
      input.index === 0,
      "gradients",
      () => `a path to a target runs through output ${input.index} of ${input.node.op}`,
      "only the first output of an operation is differentiable",
    )
    const firstNewId = nextNodeId()
    const contribution = sumToShape(inputGradient(), input.shape)
    arrived.set(input, sumOf(arrived.get(input), contribution, contribution.node.id >= firstNewId))
  })
}

const inputGradientsOf = <O extends OperationName>(node: NodeOf<O>, y: Tensor, g: Tensor): readonly InputGradient[] => {
  const rule: GradientRule<O> | NoGradient = gradientRules[node.op]
  if (rule instanceof NoGradient) return []
  return rule({ node, inputs: node.inputs.map(castAnew), y, g })
}

/** A frozen weight through new nodes of its own; any other tensor as it is. */
const castAnew = (tensor: Tensor): Tensor => frozenAnew(tensor) ?? tensor

/** Undoes broadcasting: what was repeated is summed. */
const sumToShape = (g: Tensor, shape: Shape): Tensor =>
  sameShape(g.shape, shape) ? g : reshape(reduceSum(g, broadcastAxes(shape, g.shape)), shape)

/** A new, bare Gemm takes the earlier sum as its C; one that is used elsewhere too must not be computed twice. */
const sumOf = (earlier: Tensor | undefined, contribution: Tensor, isNew: boolean): Tensor => {
  if (earlier === undefined) return contribution
  const { node } = contribution
  return isNew && node.op === "Gemm" && node.inputs.length === 2
    ? gemm(node.inputs[0]!, node.inputs[1]!, { ...node.attributes, c: earlier })
    : add(earlier, contribution)
}
