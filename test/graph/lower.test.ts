/** The form of a lowered graph: order of nodes, names, what is stored and what stays in the user's file. */
import { fromBinary } from "@bufbuild/protobuf"
import { type GraphProto, ModelProtoSchema, TensorProto_DataLocation } from "onnx-buf"
import { describe, expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import { lowerToOnnx, type WeightLocation } from "../../src/graph/onnx/lower.ts"
import type { Tensor } from "../../src/graph/tensor.ts"
import { layerNames, lowRankStack } from "./low-rank-stack.ts"

const locate = (name: string): WeightLocation => ({
  file: `/models/${name.split(".")[0]}.safetensors`,
  offsetBytes: 100,
  lengthBytes: 32,
  dtype: "float16",
})

const graphOf = (bytes: Uint8Array): GraphProto => fromBinary(ModelProtoSchema, bytes).graph!
const lowered = (outputs: Readonly<Record<string, Tensor>>): GraphProto =>
  graphOf(lowerToOnnx({ outputs, locate }).bytes)

/** The nodes in the order in which they run: ONNX Runtime takes the list backwards (`execution.test.ts` watches it). */
const running = (graph: GraphProto): GraphProto["node"] => graph.node.toReversed()

describe("the order of nodes", () => {
  const { loss, gradients } = lowRankStack("float16")
  const nodes = running(graphOf(lowerToOnnx({ outputs: { loss }, gradients, locate }).bytes))
  const makes = (name: string): number => nodes.findIndex(({ output }) => output.includes(name))
  const reads = (name: string): number[] => nodes.flatMap(({ input }, place) => (input.includes(name) ? [place] : []))

  it("puts every node after what it reads", () => {
    nodes.forEach(({ input }, place) => {
      for (const name of input) expect(makes(name)).toBeLessThan(place)
    })
  })

  it("puts each cast of a weight right before its reader, one for the forward and one for the backward pass", () => {
    const casts = nodes.flatMap(({ opType }, place) => (opType === "Cast" ? [place] : []))
    expect(casts).toHaveLength(2 * layerNames.length - 1)
    for (const place of casts) expect(nodes[place + 1]!.input).toContain(nodes[place]!.output[0])
  })

  it("takes the gradients from the last layer to the first, each as soon as its layer is reached", () => {
    const places = Object.keys(gradients).map(makes)
    expect(places).toEqual([...places].sort((a, b) => b - a))
    expect(makes("d third.up")).toBeLessThan(reads("second.up")[1]!)
  })

  it("puts the forward pass before the backward pass", () => {
    const firstBackward = Math.min(...nodes.flatMap(({ opType }, place) => (opType === "Sigmoid" ? [place] : [])))
    expect(makes("loss")).toBeLessThan(firstBackward)
  })

  it("goes through the backward pass last block first", () => {
    const secondUses = ["third.up", "second.up", "first.up"].map((name) => reads(name)[1]!)
    expect(secondUses).toEqual([...secondUses].sort((a, b) => a - b))
  })

  it("waits for the incoming gradient before it makes what a layer's own forward value gives", () => {
    const [x, y] = [g.input("x", [2]), g.input("y", [2])]
    const late = g.exp(g.sqrt(y))
    const outputs = { early: g.neg(x), late }
    const { bytes } = lowerToOnnx({ outputs, gradients: { last: g.mul(g.tanh(x), g.log(late)) }, locate })
    expect(running(graphOf(bytes)).map(({ opType }) => opType)).toEqual(["Neg", "Sqrt", "Exp", "Log", "Tanh", "Mul"])
  })

  it("takes what two gradients do not share from the last one first", () => {
    const x = g.input("x", [2])
    const gradients = { first: g.exp(g.neg(x)), second: g.exp(g.sqrt(x)) }
    const { bytes } = lowerToOnnx({ outputs: {}, gradients, locate })
    expect(running(graphOf(bytes)).map(({ opType }) => opType)).toEqual(["Sqrt", "Exp", "Neg", "Exp"])
  })

  it("lets a gradient that another one is computed from stand where it is needed", () => {
    const x = g.input("x", [2])
    const inner = g.mul(x, 2)
    const { bytes } = lowerToOnnx({ outputs: { y: g.neg(x) }, gradients: { outer: g.exp(inner), inner }, locate })
    expect(running(graphOf(bytes)).map(({ output }) => output[0])).toEqual(["y", "inner", "outer"])
  })
})

describe("dynamic shapes", () => {
  const x = g.input("x", [2, 3])
  const y = g.add(g.reshape(g.reshape(x, [6]), [3, 2]), g.expand(g.constant(1), [3, 2]))
  const { bytes, inputs, dynamicShapes } = lowerToOnnx({ outputs: { y }, locate, shapes: "dynamic" })

  it("each shape is a feed of its own, of unknown length", () => {
    expect([...dynamicShapes.values()]).toEqual([[6], [3, 2]])
    expect(inputs.map(({ name }) => name)).toEqual(["x"])
    const fed = graphOf(bytes).input.filter(({ name }) => dynamicShapes.has(name))
    expect(fed).toHaveLength(dynamicShapes.size)
    for (const { type } of fed) {
      const tensorType = type?.value.case === "tensorType" ? type.value.value : undefined
      expect(tensorType?.shape?.dim.map(({ value }) => value.case)).toEqual([undefined])
    }
  })

  it("neither feeds nor results have a shape", () => {
    const { input, output } = graphOf(bytes)
    for (const { type } of [input.find(({ name }) => name === "x")!, output[0]!]) {
      expect(type?.value.case === "tensorType" && type.value.value.shape).toBeUndefined()
    }
  })

  it("a product says that it has two axes only where something is added to it", () => {
    const [a, b] = [g.input("a", [2, 3]), g.input("b", [4, 3])]
    const product = g.gemm(a, b, { transB: true, alpha: 0.5 })
    const outputs = { y: g.gemm(a, b, { transB: true, c: product }) }
    const types = (shapes: "static" | "dynamic") =>
      running(graphOf(lowerToOnnx({ outputs, locate, shapes }).bytes)).map(({ opType }) => opType)
    expect(types("static")).toEqual(["Gemm", "Gemm"])
    expect(types("dynamic")).toEqual(["FusedMatMul", "Gemm"])
  })

  it("a 16-bit weight is read through one", () => {
    const weight = g.weight("w.a", [4, 4], "float16")
    const { node } = graphOf(lowerToOnnx({ outputs: { y: g.neg(weight) }, locate, shapes: "dynamic" }).bytes)
    expect(node.toReversed().map(({ opType }) => opType)).toEqual(["Reshape", "Cast", "Neg"])
  })
})

describe("names and storage", () => {
  it("a weight asked for twice is stored once, in the user's file, without its leading slash", () => {
    const twice = [g.weight("w.a", [4, 4], "float16"), g.weight("w.a", [4, 4], "float16")] as const
    const { initializer } = lowered({ y: g.add(...twice) })
    expect(initializer).toHaveLength(1)
    const { name, dataLocation, externalData, rawData } = initializer[0]!
    expect([name, dataLocation, rawData.length]).toEqual(["w.a", TensorProto_DataLocation.EXTERNAL, 0])
    expect(Object.fromEntries(externalData.map(({ key, value }) => [key, value]))).toEqual({
      location: "models/w.safetensors",
      offset: "100",
      length: "32",
    })
  })

  it("equal constants are stored once", () => {
    const x = g.input("x", [2, 2])
    const y = g.mul(g.add(g.mul(x, 0.5), g.constant(0.5)), g.constant(0.5, [2]))
    expect(lowered({ y }).initializer.map(({ dims }) => dims)).toEqual([[], [2n]])
  })

  it("a large constant of one value is not stored", () => {
    const bytes = lowerToOnnx({ outputs: { y: g.add(g.input("x", [1]), g.zeros([1_000_000])) }, locate }).bytes
    expect(bytes.length).toBeLessThan(1000)
  })

  it("outputs of an operation behind the last one that is read are left out", () => {
    const { outputs } = g.layerNormalization(g.input("x", [2, 3]), g.ones([3]), undefined, 1e-5).node
    const [y, , deviation] = outputs as readonly [Tensor, Tensor, Tensor]
    expect(lowered({ y }).node[0]!.output).toHaveLength(1)
    expect(lowered({ deviation }).node[0]!.output).toHaveLength(3)
  })

  it("inputs are listed in the order of their first use, once each", () => {
    const [a, ids] = [g.input("a", [2, 3]), g.input("ids", [4], "int64")]
    const { inputs, outputNames } = lowerToOnnx({
      outputs: { rows: g.gather(a, ids), again: g.neg(g.input("a", [2, 3])) },
      locate,
    })
    expect(inputs).toEqual([
      { name: "a", shape: [2, 3], dtype: "float32" },
      { name: "ids", shape: [4], dtype: "int64" },
    ])
    expect(outputNames).toEqual(["rows", "again"])
  })

  it("an output that is an input, or has two names, is handed through", () => {
    const x = g.input("x", [2])
    const y = g.neg(x)
    const { node } = lowered({ same: x, y, "y again": y })
    expect(node.toReversed().map(({ opType, output }) => [opType, output[0]])).toEqual([
      ["Neg", "y"],
      ["Identity", "same"],
      ["Identity", "y again"],
    ])
  })

  it("the bytes do not depend on what else was built before", () => {
    const once = lowerToOnnx({ outputs: { loss: lowRankStack("float16").loss }, locate }).bytes
    g.neg(g.input("unrelated", [1]))
    expect(lowerToOnnx({ outputs: { loss: lowRankStack("float16").loss }, locate }).bytes).toEqual(once)
  })
})

describe("lowering refuses", () => {
  const x = g.input("x", [2])
  it.each<[string, Readonly<Record<string, Tensor>>, RegExp]>([
    [
      "one input name for two shapes",
      { y: g.add(x, g.input("x", [1])) },
      /"x" is asked for as float32\[2\] and float32\[1\]/,
    ],
    ["an output with the name of an input", { x: g.neg(x) }, /two things are called "x"/],
    [
      "a weight whose bytes do not fill its shape",
      { y: g.weight("w", [5, 4], "float16") },
      /float16\[5,4\] in the graph, 32 bytes/,
    ],
    ["a weight of another dtype than in the file", { y: g.weight("w", [4, 4], "bfloat16") }, /of float16 in the file/],
  ])("%s", (_, outputs, message) => {
    expect(() => lowerToOnnx({ outputs, locate })).toThrow(message)
  })
})
