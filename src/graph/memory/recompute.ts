/**
 * Computes forward values again in the backward pass instead of keeping them (gradient checkpointing; Chen et al. 2016,
 * arXiv 1604.06174), as a rewrite of a differentiated graph.
 *
 * The backward pass reads forward values. Each is either kept from the forward pass until then, or made anew from kept
 * ones by copies of the nodes that made it first. What to keep is decided by one number, the work a kept byte must
 * save: a product of K terms saves K/2 operations per byte of its result, a norm or an activation hardly any. A value
 * that is cheap to make is made anew from the dear ones before it, unless keeping those would take as many bytes. Sums
 * of two equal shapes (residual streams) are kept always: without them everything before would have to be done again.
 * Layers repeat, and so do these numbers; a value's count up to double the later it is made, since the backward pass
 * frees the latest first. So the one number divides equal layers too.
 *
 * The values come out the same bit for bit. A session must not merge equal nodes for such a graph, or the copies vanish.
 */
import { frozenAnew } from "../frozen.ts"
import { postOrder } from "../post-order.ts"
import { nodeOn, rebuilt } from "../rebuild.ts"
import { elementCount, sameShape } from "../shape.ts"
import type { Node, Tensor } from "../tensor.ts"
import { isView } from "./result-places.ts"
import { floatingPointOperations } from "./work.ts"

export interface DifferentiatedGraph {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly gradients: Readonly<Record<string, Tensor>>
}

/**
 * The graph with a backward pass that keeps only what saves at least `workPerByte` floating-point operations per byte,
 * and recomputes the rest. 0 keeps all.
 */
export const withRecomputation = <G extends DifferentiatedGraph>(graph: G, workPerByte: number): G => {
  if (workPerByte === 0) return graph
  const forward = new Set<Node>()
  const order = postOrder(Object.values(graph.outputs), forward)
  const fed = fedNodes(order)
  const made = (tensor: Tensor): boolean => forward.has(tensor.node) && fed.has(tensor.node) && !isFeed(tensor)
  const gradients = Object.values(graph.gradients)
  const wanted = new Set<Tensor>()
  for (const { inputs } of postOrder(gradients, new Set(forward)))
    for (const input of inputs) if (made(input)) wanted.add(viewed(input))
  const kept = keptOf(inOrder(order, wanted), made, dearerThan(workPerByte, order))
  const again = recomputer(kept, made)
  const results = rebuilt(gradients, (read) => (made(read) ? again(read) : undefined), forward)
  const names = Object.keys(graph.gradients)
  return { ...graph, gradients: Object.fromEntries(names.map((name, at) => [name, results[at]!])) }
}

const isFeed = ({ node }: Tensor): boolean => node.op === "Input"

/** The nodes that depend on what is fed: all but weights, constants and what is made of those alone. */
const fedNodes = (order: readonly Node[]): ReadonlySet<Node> => {
  const fed = new Set<Node>()
  for (const node of order) {
    if (node.op === "Input" || node.inputs.some((input) => fed.has(input.node))) fed.add(node)
  }
  return fed
}

/** What a view shows; views cost nothing. */
const viewed = (tensor: Tensor): Tensor => (isView(tensor.node) ? viewed(tensor.node.inputs[0]!) : tensor)

const inOrder = (order: readonly Node[], wanted: ReadonlySet<Tensor>): readonly Tensor[] =>
  order.flatMap(({ outputs }) => outputs.filter((output) => wanted.has(output)))

const bytesOf = ({ shape }: Tensor): number => 4 * elementCount(shape)

/** a + b of one shape: the place where a branch rejoins its stream. */
const isResidualSum = ({ op, inputs, outputs }: Node, made: (tensor: Tensor) => boolean): boolean =>
  op === "Add" && inputs.every((input) => made(input) && sameShape(input.shape, outputs[0]!.shape))

/** Whether remaking a value takes as much work per byte as that. */
const dearerThan = (workPerByte: number, order: readonly Node[]) => {
  const places = new Map(order.map((node, place) => [node, place / order.length]))
  return (tensor: Tensor): boolean =>
    (floatingPointOperations(tensor.node) / bytesOf(tensor)) * (1 + places.get(tensor.node)!) >= workPerByte
}

const keptOf = (
  wanted: readonly Tensor[],
  made: (tensor: Tensor) => boolean,
  isDearToMake: (tensor: Tensor) => boolean,
): ReadonlySet<Tensor> => {
  const kept = new Set<Tensor>()
  const isDear = (tensor: Tensor): boolean => isResidualSum(tensor.node, made) || isDearToMake(tensor)
  for (const value of wanted) {
    if (kept.has(value)) continue
    const sources = isDear(value) ? [value] : dearSources(value, made, (one) => kept.has(one) || isDear(one))
    const newBytes = sources.reduce((sum, source) => sum + (kept.has(source) ? 0 : bytesOf(source)), 0)
    for (const one of newBytes < bytesOf(value) ? sources : [value]) kept.add(one)
  }
  return kept
}

/** The dear or kept values from which `value` can be made by cheap nodes alone. */
const dearSources = (
  value: Tensor,
  made: (tensor: Tensor) => boolean,
  endsAt: (tensor: Tensor) => boolean,
): readonly Tensor[] => {
  const found = new Set<Tensor>()
  const seen = new Set<Node>([value.node])
  const open = [value.node]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const input of node.inputs) {
      if (!made(input)) continue
      if (endsAt(input)) found.add(input)
      else if (!seen.has(input.node)) {
        seen.add(input.node)
        open.push(input.node)
      }
    }
  }
  return [...found]
}

/** Gives a forward value as the backward pass shall read it: kept, or from copies of its nodes, one copy for all. */
const recomputer = (kept: ReadonlySet<Tensor>, made: (tensor: Tensor) => boolean) => {
  const copies = new Map<Node, readonly Tensor[]>()
  const again = (tensor: Tensor): Tensor => {
    if (!made(tensor) || kept.has(tensor)) return tensor
    const known = copies.get(tensor.node)
    if (known !== undefined) return known[tensor.index]!
    // Inputs first, without recursion: chains are longer than the call stack is deep.
    const within = new Set<Node>()
    for (const node of behind(tensor.node, kept, made, copies, within)) {
      copies.set(node, nodeOn(node, node.inputs.map(inputAgain)))
    }
    return copies.get(tensor.node)![tensor.index]!
  }
  const inputAgain = (input: Tensor): Tensor =>
    made(input) && !kept.has(input) ? copies.get(input.node)![input.index]! : (frozenAnew(input) ?? input)
  return again
}

/** The nodes to copy for `last`, each after those it reads. */
const behind = (
  last: Node,
  kept: ReadonlySet<Tensor>,
  made: (tensor: Tensor) => boolean,
  copies: ReadonlyMap<Node, unknown>,
  seen: Set<Node>,
): readonly Node[] => {
  const needed = ({ inputs }: Node): readonly Tensor[] =>
    inputs.filter((input) => made(input) && !kept.has(input) && !copies.has(input.node))
  return postOrder([last.outputs[0]!], seen, needed)
}
