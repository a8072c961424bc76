/**
 * Shapes of products, convolutions and resized pictures.
 */
import { demand } from "./invalid-graph.ts"
import type { Edges, Pair } from "./operations.ts"
import { broadcastShapes, printShape, sameShape, windowCount } from "./shape.ts"
import { demandCount, demandFloat, demandRank, type Inputs, type ShapeRule, types } from "./shape-demands.ts"
import type { TensorType } from "./tensor.ts"

export const matMul: ShapeRule<"MatMul"> = (inputs, { transA, transB }) => {
  demandCount("MatMul", inputs, 2)
  const dtype = demandFloat("MatMul", inputs)
  const [a, b] = [inputs[0]!.shape, inputs[1]!.shape]
  const [rows, innerA] = transA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)]
  const [innerB, columns] = transB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)]
  const fits = a.length >= 2 && b.length >= 2 && innerA === innerB
  const product = () => `${printShape(a)}${transA ? "ᵀ" : ""} by ${printShape(b)}${transB ? "ᵀ" : ""}`
  demand(fits, "MatMul", product, "rank ≥ 2, inner extents equal")
  return [{ shape: [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), "MatMul"), rows!, columns!], dtype }]
}

export const gemm: ShapeRule<"Gemm"> = (inputs, { transA, transB }) => {
  demandCount("Gemm", inputs, 2, 3)
  const dtype = demandFloat("Gemm", inputs)
  const [a, b, c] = inputs as [TensorType, TensorType, TensorType?]
  demandRank("Gemm", a, 2)
  demandRank("Gemm", b, 2)
  const [rows, innerA] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!]
  const [innerB, columns] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!]
  const product = `${printShape(a.shape)}${transA ? "ᵀ" : ""} by ${printShape(b.shape)}${transB ? "ᵀ" : ""}`
  demand(innerA === innerB, "Gemm", () => product, "inner extents must be equal")
  const shape = [rows, columns]
  const added = c === undefined || sameShape(broadcastShapes(c.shape, shape, "Gemm"), shape)
  demand(added, "Gemm", () => `c of shape ${printShape(c!.shape)} on ${printShape(shape)}`, "c must broadcast")
  return [{ shape, dtype }]
}

const demandPicture = (where: string, inputs: Inputs, pads: Edges, strides: Pair): void => {
  demandRank(where, inputs[0]!, 4)
  demandRank(where, inputs[1]!, 4)
  const fits = pads.every((width) => width >= 0) && strides.every((stride) => stride >= 1)
  demand(fits, where, () => `pads ${pads}, strides ${strides}`, "pads are ≥ 0 and strides ≥ 1")
}

export const conv: ShapeRule<"Conv"> = (inputs, { pads, strides }) => {
  demandCount("Conv", inputs, 2, 3)
  const dtype = demandFloat("Conv", inputs)
  demandPicture("Conv", inputs, pads, strides)
  const [batch, channels, height, width] = inputs[0]!.shape as [number, number, number, number]
  const [out, inner, kernelHeight, kernelWidth] = inputs[1]!.shape as [number, number, number, number]
  const rows = windowCount(height + pads[0] + pads[2], kernelHeight, strides[0])
  const columns = windowCount(width + pads[1] + pads[3], kernelWidth, strides[1])
  const biased = inputs[2] === undefined || sameShape(inputs[2].shape, [out])
  const fits = inner === channels && rows > 0 && columns > 0 && biased
  demand(
    fits,
    "Conv",
    () => `inputs ${types(inputs)}`,
    "x [n,c,h,w], weight [out,c,kh,kw] no larger than x, bias [out]",
  )
  return [{ shape: [batch, out, rows, columns], dtype }]
}

export const convTranspose: ShapeRule<"ConvTranspose"> = (inputs, { pads, strides, outputPadding }) => {
  demandCount("ConvTranspose", inputs, 2)
  const dtype = demandFloat("ConvTranspose", inputs)
  demandPicture("ConvTranspose", inputs, pads, strides)
  const [batch, channels, height, width] = inputs[0]!.shape as [number, number, number, number]
  const [inner, out, kernelHeight, kernelWidth] = inputs[1]!.shape as [number, number, number, number]
  const rows = strides[0] * (height - 1) + outputPadding[0] + kernelHeight - pads[0] - pads[2]
  const columns = strides[1] * (width - 1) + outputPadding[1] + kernelWidth - pads[1] - pads[3]
  const padded = outputPadding.every((extra, axis) => extra >= 0 && extra < strides[axis]!)
  demand(padded, "ConvTranspose", () => `output padding ${outputPadding}`, "must be ≥ 0 and below the stride")
  const fits = inner === channels && rows > 0 && columns > 0
  demand(fits, "ConvTranspose", () => `inputs ${types(inputs)}, pads ${pads}`, "x [n,c,h,w], weight [c,out,kh,kw]")
  return [{ shape: [batch, out, rows, columns], dtype }]
}

const demandFactor = (where: string, input: TensorType, factor: number): void => {
  demandRank(where, input, 4)
  demand(Number.isInteger(factor) && factor >= 1, where, () => `factor ${factor}`, "the factor is a whole number ≥ 1")
}

export const resize: ShapeRule<"Resize"> = (inputs, { factor }) => {
  demandCount("Resize", inputs, 1)
  demandFactor("Resize", inputs[0]!, factor)
  const [batch, channels, height, width] = inputs[0]!.shape as [number, number, number, number]
  return [{ shape: [batch, channels, height * factor, width * factor], dtype: demandFloat("Resize", inputs) }]
}

export const averagePool: ShapeRule<"AveragePool"> = (inputs, { factor }) => {
  demandCount("AveragePool", inputs, 1)
  demandFactor("AveragePool", inputs[0]!, factor)
  const [batch, channels, height, width] = inputs[0]!.shape as [number, number, number, number]
  const fits = height % factor === 0 && width % factor === 0
  demand(
    fits,
    "AveragePool",
    () => `${height}×${width} by ${factor}`,
    "height and width must be multiples of the factor",
  )
  return [{ shape: [batch, channels, height / factor, width / factor], dtype: demandFloat("AveragePool", inputs) }]
}
