/** The low-rank branch: where it is, what it computes, and that a model without adapters has none. */
import { describe, expect, it } from "vitest"
import { constant, input, reshape } from "../../src/graph/build.ts"
import type { Tensor } from "../../src/graph/tensor.ts"
import { type AdapterTensors, linear, linearHalves, pointwiseConv } from "../../src/models/lora-branch.ts"
import type { ModelWeights } from "../../src/models/model-weights.ts"
import { toPicture, toRows } from "../../src/models/token-rows.ts"
import { relativeError, runGraph } from "./rig/run-graph.ts"

/** Values of about one, different everywhere. */
const wave = (shape: readonly number[], phase: number): Tensor => {
  const count = shape.reduce((product, extent) => product * extent, 1)
  return constant(
    Float32Array.from({ length: count }, (_, index) => Math.sin(1.7 * index + phase)),
    shape,
  )
}

const inlineWeights: ModelWeights = {
  has: () => true,
  get: (key, shape) => wave(shape, key.endsWith("bias") ? 2 : 1),
  rows: (key, shape, start, end) => {
    const whole = inlineWeights.get(key, shape)
    const data = (whole.node.attributes as { readonly data: Float32Array }).data
    const rowLength = data.length / shape[0]!
    return constant(data.slice(start * rowLength, end * rowLength), [end - start, ...shape.slice(1)])
  },
}

const adapter: AdapterTensors = { down: wave([2, 3], 3), up: wave([4, 2], 4), scale: 0.5 }
const withAdapter = { weights: inlineWeights, adapters: new Map([["layer", adapter]]) }
const bare = { weights: inlineWeights, adapters: new Map<string, AdapterTensors>() }

const valuesOf = async (outputs: Readonly<Record<string, Tensor>>) => {
  const locate = () => {
    throw new Error("all weights are inline")
  }
  const x = { shape: [1, 3, 2, 2], data: Float32Array.from({ length: 12 }, (_, index) => Math.cos(index)) }
  return runGraph({ outputs, locate, feeds: { x } })
}

const picture = input("x", [1, 3, 2, 2])

/** Operations between a tensor and its leaves. */
const operations = (tensor: Tensor): readonly string[] =>
  tensor.node.inputs.length === 0 ? [] : [tensor.node.op, ...tensor.node.inputs.flatMap(operations)]

describe("a linear layer", () => {
  it("without an adapter is one product", () => {
    expect(operations(linear(bare, "layer", input("rows", [5, 3]), 3, 4))).toEqual(["Gemm"])
  })

  it("with an adapter is three, the scale and the sum inside the last", () => {
    expect(operations(linear(withAdapter, "layer", input("rows", [5, 3]), 3, 4))).toEqual(["Gemm", "Gemm", "Gemm"])
  })

  it("computes Wx + b + s · up(down(x))", async () => {
    const x = Float32Array.from([1, -2, 0.5])
    const rows = linear(withAdapter, "layer", constant(x, [1, 3]), 3, 4)
    const { y } = await valuesOf({ y: rows })
    const at = (index: number, phase: number) => Math.sin(1.7 * index + phase)
    const down = [0, 1].map((r) => x.reduce((sum, value, k) => sum + value * at(3 * r + k, 3), 0))
    const expected = Float32Array.from({ length: 4 }, (_, out) => {
      const base = x.reduce((sum, value, k) => sum + value * at(3 * out + k, 1), at(out, 2))
      return base + 0.5 * down.reduce((sum, value, r) => sum + value * at(2 * out + r, 4), 0)
    })
    expect(relativeError(y!, { shape: [1, 4], data: expected })).toBeLessThan(1e-6)
  })
})

describe("a layer used as two halves", () => {
  it("has the halves of the whole layer, branch included", async () => {
    const rows = toRows(picture)
    const [left, right] = linearHalves(withAdapter, "layer", rows, 3, 4)
    const { first, second, whole } = await valuesOf({
      first: left,
      second: right,
      whole: linear(withAdapter, "layer", rows, 3, 4),
    })
    const columns = (from: number) =>
      Float32Array.from({ length: 8 }, (_, at) => whole![4 * (at >> 1) + from + (at & 1)]!)
    expect(relativeError(first!, { shape: [4, 2], data: columns(0) })).toBeLessThan(1e-6)
    expect(relativeError(second!, { shape: [4, 2], data: columns(2) })).toBeLessThan(1e-6)
  })
})

describe("a 1×1 convolution", () => {
  it.each([
    ["without an adapter", bare],
    ["with an adapter", withAdapter],
  ])("%s is the linear layer of every picture element", async (_, scope) => {
    const convolved = pointwiseConv(scope, "layer", picture, 3, 4)
    const rows = toPicture(linear(scope, "layer", toRows(picture), 3, 4), [1, 3, 2, 2])
    const { a, b } = await valuesOf({ a: reshape(convolved, [16]), b: reshape(rows, [16]) })
    expect(relativeError(a!, { shape: [16], data: b! })).toBeLessThan(1e-6)
  })
})
