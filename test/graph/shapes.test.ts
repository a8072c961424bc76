/** What builders make of shapes, and what they refuse. */
import { describe, expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import type { Tensor } from "../../src/graph/tensor.ts"

const x = (...shape: number[]): Tensor => g.input("x", shape)

describe("shapes", () => {
  const convOptions = { pads: [1, 1, 1, 1], strides: [2, 2] } as const
  it.each<[string, Tensor, readonly number[]]>([
    ["broadcasting aligns at the last axis", g.add(x(2, 1, 3), x(4, 1)), [2, 4, 3]],
    ["an inferred extent takes the rest", g.reshape(x(2, 3, 4), [6, -1]), [6, 4]],
    ["a product broadcasts its batch axes", g.matMul(x(5, 1, 2, 3), x(4, 3, 7)), [5, 4, 2, 7]],
    [
      "a convolution of stride 2 halves, rounding up with pads",
      g.conv(x(1, 3, 7, 8), x(6, 3, 3, 3), convOptions),
      [1, 6, 4, 4],
    ],
    ["a gathered table keeps its row shape", g.gather(x(9, 4), g.input("i", [2, 5], "int64")), [2, 5, 4]],
    ["a reduction keeps or drops its axes", g.reduceMean(x(2, 3, 4), [-1, 0], true), [1, 3, 1]],
    ["a slice may run backwards", g.slice(x(7), { axis: 0, start: 6, end: 1, step: -2 }), [3]],
  ])("%s", (_, tensor, shape) => {
    expect(tensor.shape).toEqual(shape)
  })

  it("a 16-bit weight arrives as float32, a float32 weight as it is", () => {
    const [half, full] = [g.weight("w", [2], "bfloat16"), g.weight("w", [2])]
    expect([half.dtype, half.node.op, half.node.inputs[0]?.dtype]).toEqual(["float32", "Cast", "bfloat16"])
    expect(full.node.op).toBe("Weight")
  })

  it("layer normalisation has three outputs, mean and deviation per row", () => {
    const { outputs } = g.layerNormalization(x(2, 3, 4), g.ones([4]), undefined, 1e-5).node
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 4],
      [2, 3, 1],
      [2, 3, 1],
    ])
  })
})

describe("calls that change nothing return their argument", () => {
  const same = x(2, 1, 4)
  it.each<[string, Tensor]>([
    ["reshape to the own shape", g.reshape(same, [2, 1, 4])],
    ["transpose in the old order", g.transpose(same, [0, 1, 2])],
    ["a slice of everything", g.slice(same, { axis: 2, start: 0, end: 4 })],
    ["concat of one", g.concat([same], 0)],
    ["pad by nothing", g.pad(same, [0, 0, 0, 0, 0, 0])],
    ["expand to the own shape", g.expand(same, [2, 1, 4])],
    ["cast to the own dtype", g.cast(same, "float32")],
    ["the sum over an axis of one, kept", g.reduceSum(same, [1], true)],
    ["scaling by one", g.scaled(same, 1)],
  ])("%s", (_, tensor) => {
    expect(tensor).toBe(same)
  })

  it("a product with zero stays: it may be there to keep a recomputation apart", () => {
    expect(g.mul(same, 0).node.op).toBe("Mul")
  })
})

describe("builders refuse", () => {
  const int64 = g.input("i", [2], "int64")
  it.each<[string, () => unknown, RegExp]>([
    ["shapes that do not broadcast", () => g.add(x(2, 3), x(2)), /Add: shapes \[2,3\] and \[2\]/],
    ["dtypes that differ", () => g.mul(x(2), int64), /float32\[2\], int64\[2\]/],
    ["integers where floats are needed", () => g.exp(int64), /floating-point/],
    ["inner extents that differ", () => g.matMul(x(2, 3), x(2, 3)), /inner extents/],
    ["a batch in Gemm", () => g.gemm(x(1, 2, 3), x(3, 2)), /rank 2/],
    ["c larger than the product", () => g.gemm(x(2, 3), x(3, 2), { c: x(5, 2, 2) }), /c must broadcast/],
    ["channels that differ", () => g.conv(x(1, 3, 4, 4), x(2, 4, 3, 3)), /Conv: inputs/],
    ["a kernel larger than the picture", () => g.conv(x(1, 3, 2, 2), x(2, 3, 3, 3)), /no larger than x/],
    ["a reshape that loses elements", () => g.reshape(x(2, 3), [4]), /equally many elements/],
    ["an extent that does not come out even", () => g.reshape(x(2, 3), [4, -1]), /Reshape/],
    ["a slice outside", () => g.slice(x(4), { axis: 0, start: 1, end: 5 }), /inside the axis/],
    ["an axis that is not there", () => g.softmax(g.reduceSum(x(2), [1])), /axes run from/],
    ["an axis named twice", () => g.transpose(x(2, 2), [0, 0]), /each axis once/],
    ["parts that do not line up", () => g.concat([x(2, 3), x(3, 2)], 0), /other extents/],
    ["pieces that do not fill the axis", () => g.split(x(5), [2, 2], 0), /fill the axis/],
    [
      "groups that do not divide the channels",
      () => g.groupNormalization(x(1, 6, 2, 2), x(6), x(6), 4, 1e-5),
      /divide/,
    ],
    ["indices that are not integers", () => g.gather(x(2, 2), x(2)), /int64/],
    ["a condition that is not one", () => g.where(x(2), x(2), x(2)), /compare first/],
    ["data that does not fill its shape", () => g.constant(Float32Array.of(1, 2), [3]), /2 values for shape \[3\]/],
    ["pooling an odd picture", () => g.averagePool(x(1, 1, 3, 4), 2), /multiples of the factor/],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(g.InvalidGraph)
    expect(build).toThrow(message)
  })
})
