/** What both tests of the operations do with a case: feed it, weigh its output to a loss, differentiate. */

import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { elementCount } from "../../src/graph/shape.ts"
import type { Shape, Tensor } from "../../src/graph/tensor.ts"
import { frozenWeight, type OperationCase } from "./operation-cases.ts"
import { seededValues } from "./seeded-values.ts"

export interface Differentiated {
  readonly y: Tensor
  readonly loss: Tensor
  /** In the order of the case's feeds. */
  readonly gradients: readonly Tensor[]
  readonly values: Readonly<Record<string, Float64Array>>
}

const constantOf = (shape: Shape, seed: number): Tensor =>
  g.constant(Float32Array.from(seededValues(elementCount(shape), seed)), shape)

const valuesFor = (shape: Shape, seed: number, { range = [-1, 1], grain }: OperationCase): Float64Array => {
  const values = seededValues(elementCount(shape), seed, ...range)
  return grain === undefined ? values : values.map((value) => Math.round(value / grain) * grain)
}

/** loss = Σ weight·y with uneven weights, so that no two outputs can be mistaken for each other. */
export const differentiated = (operationCase: OperationCase): Differentiated => {
  const feeds = Object.entries(operationCase.feeds)
  const fed = Object.fromEntries(feeds.map(([name, shape]) => [name, g.input(name, shape)]))
  const y = operationCase.build(fed)
  const loss = g.reduceSum(g.reshape(g.mul(y, constantOf(y.shape, 99)), [-1]), [0])
  const values = feeds.map(([name, shape], index) => [name, valuesFor(shape, index + 1, operationCase)] as const)
  const frozen = [frozenWeight.name, seededValues(elementCount(frozenWeight.shape), 7)] as const
  return {
    y,
    loss,
    gradients: gradients(loss, Object.values(fed)),
    values: Object.fromEntries([...values, frozen]),
  }
}
