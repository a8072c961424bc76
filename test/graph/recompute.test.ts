/** Recomputation: the same gradients bit for bit, from fewer kept values. */
import { describe, expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { memoryOfRun } from "../../src/graph/memory/peak-memory.ts"
import { withRecomputation } from "../../src/graph/memory/recompute.ts"
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import { postOrder } from "../../src/graph/post-order.ts"
import { elementCount } from "../../src/graph/shape.ts"
import type { Node, Tensor } from "../../src/graph/tensor.ts"
import { interpret } from "../rig/interpret.ts"
import { runOnnx } from "./run-onnx.ts"
import { seededValues } from "./seeded-values.ts"

const [tokens, width, inner, layers] = [6, 4, 16, 3]

/** Residual blocks of norm, product, activation and product, each with a trained matrix. */
const stack = () => {
  const names = Array.from({ length: layers }, (_, layer) => `w${layer}`)
  const trained = names.map((name) => g.input(name, [inner, width]))
  const outward = g.input("outward", [width, inner])
  let x = g.mul(g.input("x", [tokens, width]), 2)
  for (const w of trained) {
    const hidden = g.gemm(g.layerNormalization(x, g.ones([width]), undefined, 1e-5), w, { transB: true })
    x = g.add(x, g.gemm(g.mul(hidden, g.gelu(hidden)), outward, { transB: true }))
  }
  const loss = g.meanOfAll(g.square(x))
  const found = gradients(loss, trained)
  return { outputs: { loss }, gradients: Object.fromEntries(names.map((name, at) => [`d ${name}`, found[at]!])) }
}

type Stack = ReturnType<typeof stack>

const values = (() => {
  const shapes = {
    x: [tokens, width],
    outward: [width, inner],
    w0: [inner, width],
    w1: [inner, width],
    w2: [inner, width],
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], at) => [name, seededValues(elementCount(shape), at)]),
  )
})()

/** The forward values that the backward pass reads. */
const kept = ({ outputs, gradients }: Stack): readonly Tensor[] => {
  const forward = new Set<Node>()
  postOrder(Object.values(outputs), forward)
  const read = postOrder(Object.values(gradients), new Set(forward)).flatMap(({ inputs }) => inputs)
  return [...new Set(read)].filter(({ node }) => forward.has(node) && node.op !== "Input" && node.op !== "Constant")
}

const run = ({ outputs, gradients }: Stack) =>
  runOnnx(lowerToOnnx({ outputs, gradients, locate: () => expect.fail("there are no weights") }), values, {
    optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" },
  })

describe("recomputation", () => {
  it.each([0, 3, 1000])("gradients are the same bit for bit when a kept byte must save %d operations", async (work) => {
    const graph = stack()
    expect(await run(withRecomputation(graph, work))).toEqual(await run(graph))
  })

  it("the interpreter agrees too", () => {
    const graph = stack()
    const again = withRecomputation(graph, 1000)
    expect(interpret(Object.values(again.gradients), values)).toEqual(interpret(Object.values(graph.gradients), values))
  })

  it("0 leaves the graph as it is", () => {
    const graph = stack()
    expect(withRecomputation(graph, 0)).toBe(graph)
  })

  it("keeps products and residual sums where only what is cheap is made again", () => {
    const ops = kept(withRecomputation(stack(), 1.5)).map(({ node }) => node.op)
    expect(new Set(ops)).toEqual(new Set(["Add", "Gemm", "LayerNormalization"]))
    expect(ops.filter((op) => op === "Gemm")).toHaveLength(layers)
  })

  it("keeps one value per block, its sum or the norm of it, where products are made again as well", () => {
    const large = kept(withRecomputation(stack(), 1000)).filter(({ shape }) => elementCount(shape) >= tokens * width)
    expect(new Set(large.map(({ node }) => node.op))).toEqual(new Set(["Add", "LayerNormalization"]))
    expect(large).toHaveLength(layers)
  })

  it("of equal layers the later ones are kept first", () => {
    // a block's products save 2 and 8 operations per byte; doubled at the end of the forward pass
    const keptProducts = (work: number) =>
      kept(withRecomputation(stack(), work)).filter(({ node }) => node.op === "Gemm").length
    const counts = [1.5, 2.5, 3, 3.5, 4.5].map(keptProducts)
    expect(counts).toEqual([...counts].sort((a, b) => b - a))
    expect(counts[0]).toBe(layers)
    expect(counts.some((count) => count > 0 && count < layers)).toBe(true)
    expect(counts.at(-1)).toBe(0)
  })
})

describe("the memory of a run, told from its graph", () => {
  it("a chain of values holds two at a time, and one where each is written over the one before", () => {
    const x = g.input("x", [1000])
    const outputs = { y: g.sqrt(g.exp(g.neg(g.mul(x, 2)))) }
    expect(memoryOfRun({ outputs, shapes: "dynamic" }).peakBytes).toBe(8000)
    expect(memoryOfRun({ outputs, shapes: "static" }).peakBytes).toBe(4000)
  })

  it("a reshape holds nothing, feeds and results are not counted", () => {
    const x = g.input("x", [10, 100])
    const y = g.reshape(g.exp(g.reshape(x, [1000])), [100, 10])
    expect(memoryOfRun({ outputs: { y: g.neg(y) }, shapes: "dynamic" }).peakBytes).toBe(4000)
  })

  it("with known shapes a dead value's place stays allocated for the next value of that shape", () => {
    const [x, z] = [g.input("x", [1000]), g.input("z", [10])]
    const start = g.reduceSum(g.clip(x, 0, 1), [0])
    // large enough to stand between: the place of the first clip is held until the second
    const between = g.reduceSum(g.expand(g.add(g.mul(z, start), 1), [500, 10]), [0, 1])
    const outputs = { y: g.reduceSum(g.clip(g.mul(x, between), 0, 1), [0]) }
    const at = (shapes: "dynamic" | "static") =>
      memoryOfRun({ outputs, shapes }).curve.find(({ node }) => node.op === "Expand")!.bytes
    expect(at("static") - at("dynamic")).toBe(4000)
  })

  it("recomputation lowers the peak, and the more the less is kept", () => {
    const peaks = [0, 1.5, 1000].map(
      (work) => memoryOfRun({ ...withRecomputation(stack(), work), shapes: "dynamic" }).peakBytes,
    )
    expect(peaks).toEqual([...peaks].sort((a, b) => b - a))
    expect(peaks[2]!).toBeLessThan(0.8 * peaks[0]!)
  })
})
