/** Graphs put together at random from smooth operations, all tensors [3, 4], the same for the same seed. */
import * as g from "../../src/graph/build.ts"
import type { Tensor } from "../../src/graph/tensor.ts"
import { seededUniform } from "./seeded-values.ts"

const shape = [3, 4] as const

type Step = (a: Tensor, b: Tensor) => Tensor

const steps: readonly Step[] = [
  g.add,
  g.sub,
  g.mul,
  (a, b) => g.div(a, g.add(g.square(b), 1)),
  (a) => g.tanh(a),
  (a) => g.gelu(a),
  (a) => g.silu(a),
  (a) => g.softmax(a),
  (a) => g.layerNormalization(a, g.constant(0.5, [4]), undefined, 0.1),
  (a, b) => g.matMul(g.matMul(a, g.matrixTranspose(b)), a),
  (a, b) => g.gemm(g.gemm(a, b, { transB: true, alpha: 0.3 }), b, { c: a }),
  (a, b) => g.slice(g.concat([a, b], 0), { axis: 0, start: 1, end: 6, step: 2 }),
  (a, b) => g.add(a, g.reduceMean(b, [0], true)),
  (a, b) => g.where(g.greater(a, b), a, g.neg(b)),
  (a) => g.reshape(g.reversed(g.transpose(g.reshape(a, [2, 2, 3]), [1, 0, 2]), 2), shape),
]

export interface RandomGraph {
  readonly inputs: readonly Tensor[]
  /** Two numbers computed from overlapping parts. */
  readonly losses: readonly [Tensor, Tensor]
}

export const randomGraph = (seed: number): RandomGraph => {
  const uniform = seededUniform(seed)
  const pick = <A>(from: readonly A[]): A => from[Math.floor(uniform() * from.length)]!
  const inputs = ["a", "b", "c"].map((name) => g.input(name, shape))
  const tensors: Tensor[] = [...inputs]
  for (let count = 0; count < 12; count++) tensors.push(pick(steps)(pick(tensors), pick(tensors)))
  const last = tensors.slice(-4)
  return { inputs, losses: [g.meanOfAll(g.mul(pick(last), pick(last))), g.meanOfAll(g.tanh(pick(last)))] }
}
