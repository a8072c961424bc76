/**
 * Shape and dtype of every operation's outputs: one rule per operation, total over the list.
 *
 * A rule receives the inputs and the attributes, refuses what ONNX Runtime would refuse later and less clearly, and
 * says what comes out. Order as in `operations.ts`.
 */
import { demand } from "./invalid-graph.ts"
import type { Attributes, Edges, OperationName, Pair } from "./operations.ts"
import {
  broadcastShapes,
  elementCount,
  printShape,
  reducedShape,
  sameShape,
  sliceLength,
  windowCount,
  withExtent,
} from "./shape.ts"
import type { DType, Shape, TensorType } from "./tensor.ts"

type Inputs = readonly TensorType[]
type ShapeRule<O extends OperationName> = (inputs: Inputs, attributes: Attributes[O]) => readonly TensorType[]

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float16" || dtype === "bfloat16"

const types = (inputs: Inputs): string => inputs.map(({ dtype, shape }) => dtype + printShape(shape)).join(", ")

const demandCount = (where: string, inputs: Inputs, least: number, most = least): void => {
  const fits = inputs.length >= least && inputs.length <= most
  demand(fits, where, () => `${inputs.length} inputs`, least === most ? `takes ${least}` : `takes ${least} to ${most}`)
}

const demandSameDType = (where: string, inputs: Inputs): DType => {
  const dtype = inputs[0]!.dtype
  const same = inputs.every((input) => input.dtype === dtype)
  demand(same, where, () => `inputs of different dtypes: ${types(inputs)}`, "cast one of them")
  return dtype
}

const demandFloat = (where: string, inputs: Inputs): DType => {
  const dtype = demandSameDType(where, inputs)
  demand(isFloat(dtype), where, () => `inputs ${types(inputs)}`, "needs floating-point inputs")
  return dtype
}

const demandRank = (where: string, input: TensorType, rank: number): void =>
  demand(input.shape.length === rank, where, () => `input of shape ${printShape(input.shape)}`, `needs rank ${rank}`)

const binary =
  (where: string, result?: DType) =>
  (inputs: Inputs): readonly TensorType[] => {
    demandCount(where, inputs, 2)
    const dtype = demandSameDType(where, inputs)
    demand(dtype !== "bool", where, () => `inputs ${types(inputs)}`, "needs numbers")
    return [{ shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, where), dtype: result ?? dtype }]
  }

const unary =
  (where: string) =>
  (inputs: Inputs): readonly TensorType[] => {
    demandCount(where, inputs, 1)
    return [{ shape: inputs[0]!.shape, dtype: demandFloat(where, inputs) }]
  }

const reduction =
  (where: OperationName) =>
  (inputs: Inputs, { axes, keepdims }: Attributes["ReduceSum"]): readonly TensorType[] => {
    demandCount(where, inputs, 1)
    const dtype = demandFloat(where, inputs)
    return [{ shape: reducedShape(inputs[0]!.shape, axes, keepdims), dtype }]
  }

const selection: ShapeRule<"Where"> = (inputs) => {
  demandCount("Where", inputs, 3)
  const [condition, whenTrue, whenFalse] = inputs as [TensorType, TensorType, TensorType]
  demand(condition.dtype === "bool", "Where", () => `condition of dtype ${condition.dtype}`, "compare first")
  const dtype = demandSameDType("Where", [whenTrue, whenFalse])
  const branches = broadcastShapes(whenTrue.shape, whenFalse.shape, "Where")
  return [{ shape: broadcastShapes(condition.shape, branches, "Where"), dtype }]
}

const reshape: ShapeRule<"Reshape"> = (inputs, { shape }) => {
  demandCount("Reshape", inputs, 1)
  const from = inputs[0]!.shape
  demand(
    elementCount(from) === elementCount(shape) && shape.every(Number.isInteger),
    "Reshape",
    () => `${printShape(from)} to ${printShape(shape)}`,
    "both shapes must hold equally many elements",
  )
  return [{ shape, dtype: inputs[0]!.dtype }]
}

const transpose: ShapeRule<"Transpose"> = (inputs, { perm }) => {
  demandCount("Transpose", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const isPermutation = perm.length === shape.length && shape.every((_, axis) => perm.includes(axis))
  demand(isPermutation, "Transpose", () => `perm ${printShape(perm)} of ${printShape(shape)}`, "name each axis once")
  return [{ shape: perm.map((axis) => shape[axis]!), dtype }]
}

const slice: ShapeRule<"Slice"> = (inputs, { axis, start, end, step }) => {
  demandCount("Slice", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const extent = shape[axis] ?? 0
  const inside =
    step > 0 ? start >= 0 && start <= end && end <= extent : step < 0 && start < extent && end >= -1 && end <= start
  demand(
    inside,
    "Slice",
    () => `${start}:${end}:${step} on axis ${axis} of ${printShape(shape)}`,
    "start and end must lie inside the axis, in the step's direction",
  )
  return [{ shape: withExtent(shape, axis, sliceLength(start, end, step)), dtype }]
}

const concat: ShapeRule<"Concat"> = (inputs, { axis }) => {
  const dtype = demandSameDType("Concat", inputs)
  const first = inputs[0]!.shape
  const fits = inputs.every(({ shape }) => sameShape(withExtent(shape, axis, 0), withExtent(first, axis, 0)))
  demand(fits, "Concat", () => `${types(inputs)} along axis ${axis}`, "all other extents must be equal")
  return [
    {
      shape: withExtent(
        first,
        axis,
        inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0),
      ),
      dtype,
    },
  ]
}

const pad: ShapeRule<"Pad"> = (inputs, { before, after }) => {
  demandCount("Pad", inputs, 1)
  const { shape, dtype } = inputs[0]!
  const fits = [before, after].every((widths) => widths.length === shape.length && widths.every((width) => width >= 0))
  demand(fits, "Pad", () => `${before} before, ${after} after ${printShape(shape)}`, "one width ≥ 0 per axis and side")
  return [{ shape: shape.map((extent, axis) => before[axis]! + extent + after[axis]!), dtype }]
}

const expand: ShapeRule<"Expand"> = (inputs, { shape }) => {
  demandCount("Expand", inputs, 1)
  const from = inputs[0]!
  const fits = sameShape(broadcastShapes(from.shape, shape, "Expand"), shape)
  demand(fits, "Expand", () => `${printShape(from.shape)} to ${printShape(shape)}`, "the target must hold the input")
  return [{ shape, dtype: from.dtype }]
}

const gather: ShapeRule<"Gather"> = (inputs) => {
  demandCount("Gather", inputs, 2)
  const [table, indices] = inputs as [TensorType, TensorType]
  demand(indices.dtype === "int64", "Gather", () => `indices of dtype ${indices.dtype}`, "indices are int64")
  demand(table.shape.length > 0, "Gather", () => "the table is a scalar", "the table needs rows")
  return [{ shape: [...indices.shape, ...table.shape.slice(1)], dtype: table.dtype }]
}

const matMul: ShapeRule<"MatMul"> = (inputs, { transA, transB }) => {
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

const gemm: ShapeRule<"Gemm"> = (inputs, { transA, transB }) => {
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

const conv: ShapeRule<"Conv"> = (inputs, { pads, strides }) => {
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

const convTranspose: ShapeRule<"ConvTranspose"> = (inputs, { pads, strides, outputPadding }) => {
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

const resize: ShapeRule<"Resize"> = (inputs, { factor }) => {
  demandCount("Resize", inputs, 1)
  demandFactor("Resize", inputs[0]!, factor)
  const [batch, channels, height, width] = inputs[0]!.shape as [number, number, number, number]
  return [{ shape: [batch, channels, height * factor, width * factor], dtype: demandFloat("Resize", inputs) }]
}

const averagePool: ShapeRule<"AveragePool"> = (inputs, { factor }) => {
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

const layerNormalization: ShapeRule<"LayerNormalization"> = (inputs) => {
  demandCount("LayerNormalization", inputs, 2, 3)
  const dtype = demandFloat("LayerNormalization", inputs)
  const { shape } = inputs[0]!
  const fits = shape.length >= 1 && inputs.slice(1).every((input) => sameShape(input.shape, shape.slice(-1)))
  demand(fits, "LayerNormalization", () => `inputs ${types(inputs)}`, "scale and bias have the last axis's extent")
  const statistics = { shape: withExtent(shape, shape.length - 1, 1), dtype }
  return [{ shape, dtype }, statistics, statistics]
}

const multiHeadAttention: ShapeRule<"MultiHeadAttention"> = (inputs, { heads }) => {
  demandCount("MultiHeadAttention", inputs, 3)
  const dtype = demandFloat("MultiHeadAttention", inputs)
  for (const input of inputs) demandRank("MultiHeadAttention", input, 3)
  const [query, key, value] = inputs.map(({ shape }) => shape) as [Shape, Shape, Shape]
  const fits = sameShape(key, value) && query[0] === key[0] && query[2] === key[2] && query[2]! % heads === 0
  demand(
    fits,
    "MultiHeadAttention",
    () => `${heads} heads of ${types(inputs)}`,
    "[batch, queries, width] and twice [batch, keys, width], the width a multiple of the heads",
  )
  return [{ shape: query, dtype }]
}

const leaf = (_: Inputs, { shape, dtype }: TensorType): readonly TensorType[] => {
  const fits = shape.every((extent) => Number.isInteger(extent) && extent >= 0)
  demand(fits, "leaf", () => `shape ${printShape(shape)}`, "extents are whole numbers ≥ 0")
  return [{ shape, dtype }]
}

export const shapeRules: { readonly [O in OperationName]: ShapeRule<O> } = {
  Input: leaf,
  Weight: leaf,
  Constant: leaf,
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Neg: unary("Neg"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Sqrt: unary("Sqrt"),
  Erf: unary("Erf"),
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Greater: binary("Greater", "bool"),
  Equal: binary("Equal", "bool"),
  Where: selection,
  Clip: unary("Clip"),
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  Reshape: reshape,
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
  Pad: pad,
  Expand: expand,
  Gather: gather,
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
  ConvTranspose: convTranspose,
  Resize: resize,
  AveragePool: averagePool,
  Softmax: unary("Softmax"),
  LayerNormalization: layerNormalization,
  MultiHeadAttention: multiHeadAttention,
  Gelu: unary("Gelu"),
  QuickGelu: unary("QuickGelu"),
  Cast: (inputs, { to }) => [{ shape: inputs[0]!.shape, dtype: to }],
}
