/** Weights by key and shape: what is refused, and which bytes a name stands for. */
import { describe, expect, it } from "vitest"
import { headerOf, locateWeights, WeightMismatch, weightsFrom } from "../../src/models/model-weights.ts"

const file = {
  file: "/models/unet.safetensors",
  tensors: new Map([
    ["proj.weight", { dtype: "F16", shape: [8, 4, 1, 1], offsetBytes: 1000, lengthBytes: 64 }],
    ["proj.bias", { dtype: "F32", shape: [8], offsetBytes: 2000, lengthBytes: 32 }],
    ["packed.weight", { dtype: "I8", shape: [8, 4], offsetBytes: 3000, lengthBytes: 32 }],
  ]),
}

const nameOf = (tensor: ReturnType<ReturnType<typeof weightsFrom>["get"]>): string => {
  const leaf = tensor.node.op === "Cast" ? tensor.node.inputs[0]!.node : tensor.node
  return leaf.op === "Weight" ? leaf.attributes.name : leaf.op
}

describe("weights of a file", () => {
  const weights = weightsFrom(headerOf(file))

  it("asked for twice are one node", () => {
    expect(weights.get("proj.bias", [8])).toBe(weights.get("proj.bias", [8]))
    expect(weights.rows("proj.bias", [8], 0, 4)).toBe(weights.rows("proj.bias", [8], 0, 4))
  })

  it("of a 1×1 convolution can be had as a matrix", () => {
    expect(weights.get("proj.weight", [8, 4]).shape).toEqual([8, 4])
  })

  it("come as float32 whatever they are stored in", () => {
    expect(weights.get("proj.weight", [8, 4]).dtype).toBe("float32")
  })

  it.each([
    ["other.weight", [8, 4], "missing"],
    ["proj.weight", [4, 8], "shape [8,4,1,1]"],
    ["packed.weight", [8, 4], "dtype I8, only F32, F16 and BF16 can be used"],
  ])("that do not fit are refused: %s %j", (key, shape, found) => {
    expect(() => weights.get(key, shape)).toThrow(WeightMismatch)
    expect(() => weights.get(key, shape)).toThrow(`weight ${key}: expected shape [${shape}], found ${found}`)
  })
})

describe("a weight's name", () => {
  it("leads to its bytes", () => {
    const name = nameOf(weightsFrom(headerOf(file)).get("proj.weight", [8, 4]))
    expect(locateWeights({ "": file })(name)).toEqual({
      file: file.file,
      offsetBytes: 1000,
      lengthBytes: 64,
      dtype: "float16",
    })
  })

  it("of some rows leads to the bytes of those rows", () => {
    const name = nameOf(weightsFrom(headerOf(file)).rows("proj.weight", [8, 4], 2, 5))
    expect(locateWeights({ "": file })(name)).toEqual({
      file: file.file,
      offsetBytes: 1000 + 2 * 8,
      lengthBytes: 3 * 8,
      dtype: "float16",
    })
  })

  it("tells parts of a model apart", () => {
    const name = nameOf(weightsFrom(headerOf(file), "unet").rows("proj.bias", [8], 0, 4))
    const text = { file: "/models/text.safetensors", tensors: new Map() }
    expect(locateWeights({ unet: file, text })(name)).toMatchObject({
      file: file.file,
      offsetBytes: 2000,
      lengthBytes: 16,
    })
  })
})
