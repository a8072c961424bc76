/** A small stand-in for a model to train: frozen layers in 16 bits, a low-rank branch on each, one loss. */

import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import type { DType, Tensor } from "../../src/graph/tensor.ts"

export const [rows, width, rank] = [3, 4, 2]
export const layerNames = ["first", "second", "third"] as const

const lowRankLayer = (x: Tensor, name: string, dtype: DType): { y: Tensor; down: Tensor; up: Tensor } => {
  const down = g.input(`${name}.down`, [rank, width])
  const up = g.input(`${name}.up`, [width, rank])
  const base = g.gemm(x, g.weight(`${name}.weight`, [width, width], dtype), { transB: true })
  return { y: g.gemm(g.gemm(x, down, { transB: true }), up, { transB: true, alpha: 0.5, c: base }), down, up }
}

export interface LowRankStack {
  readonly loss: Tensor
  /** First layer to last, down before up. */
  readonly gradients: Readonly<Record<string, Tensor>>
}

export const lowRankStack = (dtype: DType): LowRankStack => {
  let x = g.input("x", [rows, width])
  const adapters: [string, Tensor][] = []
  for (const name of layerNames) {
    const { y, down, up } = lowRankLayer(x, name, dtype)
    adapters.push([`d ${name}.down`, down], [`d ${name}.up`, up])
    x = g.add(x, g.silu(y))
  }
  const loss = g.meanOfAll(g.square(x))
  const found = gradients(
    loss,
    adapters.map(([, tensor]) => tensor),
  )
  return { loss, gradients: Object.fromEntries(adapters.map(([name], index) => [name, found[index]!])) }
}
