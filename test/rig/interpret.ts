/**
 * Runs a graph in double precision, one plain loop per operation: the oracle for gradients and for ONNX Runtime.
 *
 * Written for being right at a glance, not for speed: every output element is computed from its index. Booleans are 0
 * and 1, casts between floating-point types change nothing (rounding would spoil central differences).
 */
import type { Attributes, NamedLeaf, OperationName } from "../../src/graph/operations.ts"
import { postOrder } from "../../src/graph/post-order.ts"
import { elementCount } from "../../src/graph/shape.ts"
import type { NodeOf, Shape, Tensor } from "../../src/graph/tensor.ts"

export interface Value {
  readonly shape: Shape
  readonly data: Float64Array
}

type Index = readonly number[]
type Kernel<O extends OperationName> = (inputs: readonly Value[], node: NodeOf<O>) => readonly Value[]

/** Values of the outputs; inputs and weights are fed by name. */
export const interpret = (
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): readonly Float64Array[] => {
  const known = new Map<Tensor, Value>()
  for (const node of postOrder(outputs)) {
    const inputs = node.inputs.map((input) => known.get(input)!)
    const values =
      node.op === "Input" || node.op === "Weight" ? [fedValue(node, feeds)] : kernels[node.op](inputs, node as never)
    node.outputs.forEach((output, index) => void known.set(output, values[index]!))
  }
  return outputs.map((output) => known.get(output)!.data)
}

const fedValue = (
  node: NodeOf<"Input"> | NodeOf<"Weight">,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Value => {
  const { name, shape } = node.attributes
  const data = feeds[name]
  if (data?.length !== elementCount(shape)) throw new Error(`${name}: ${data?.length} values fed for [${shape}]`)
  return { shape, data: Float64Array.from(data) }
}

const eachIndex = (shape: Shape, visit: (index: Index, place: number) => void): void => {
  const index = shape.map(() => 0)
  const count = elementCount(shape)
  for (let place = 0; place < count; place++) {
    visit(index, place)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
}

/** A value whose element at each index is computed from the index. */
const fill = (shape: Shape, element: (index: Index) => number): Value => {
  const data = new Float64Array(elementCount(shape))
  eachIndex(shape, (index, place) => {
    data[place] = element(index)
  })
  return { shape, data }
}

/** The element at an index; axes of extent 1 broadcast, and more leading indices than axes are ignored. */
const at = ({ shape, data }: Value, index: Index): number => {
  const extra = index.length - shape.length
  return data[shape.reduce((place, extent, axis) => place * extent + (extent === 1 ? 0 : index[axis + extra]!), 0)]!
}

/** The element at an index, 0 outside. */
const atOrZero = (value: Value, index: Index): number =>
  index.every((place, axis) => place >= 0 && place < value.shape[axis]!) ? at(value, index) : 0

const sumOver = (count: number, term: (index: number) => number): number => {
  let sum = 0
  for (let index = 0; index < count; index++) sum += term(index)
  return sum
}

const unary =
  (f: (x: number) => number) =>
  ([x]: readonly Value[]): readonly Value[] => [{ shape: x!.shape, data: x!.data.map(f) }]

const binary =
  (f: (a: number, b: number) => number) =>
  ([a, b]: readonly Value[], node: { readonly outputs: readonly Tensor[] }): readonly Value[] => [
    fill(node.outputs[0]!.shape, (index) => f(at(a!, index), at(b!, index))),
  ]

/** erf by its power series with positive terms, exact to rounding; beyond 6 it is ±1. */
const erf = (x: number): number => {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const reduce = (x: Value, { axes, keepdims }: Attributes["ReduceSum"], shape: Shape): Value => {
  const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
  const sums = new Float64Array(elementCount(shape))
  const places = { shape: kept, data: sums.map((_, place) => place) }
  eachIndex(x.shape, (index, place) => {
    sums[at(places, index)]! += x.data[place]!
  })
  return { shape: keepdims ? kept : shape, data: sums }
}

const gemm: Kernel<"Gemm"> = ([a, b, c], { attributes, outputs }) => {
  const { transA, transB, alpha, beta } = attributes
  const inner = a!.shape[transA ? 0 : 1]!
  return [
    fill(outputs[0]!.shape, ([row, column]) => {
      const left = (k: number): number => at(a!, transA ? [k, row!] : [row!, k])
      const right = (k: number): number => at(b!, transB ? [column!, k] : [k, column!])
      return alpha * sumOver(inner, (k) => left(k) * right(k)) + (c ? beta * at(c, [row!, column!]) : 0)
    }),
  ]
}

const matMul: Kernel<"MatMul"> = ([a, b], { attributes: { transA, transB }, outputs }) => [
  fill(outputs[0]!.shape, (index) => {
    const [row, column] = index.slice(-2) as [number, number]
    const batch = index.slice(0, -2)
    // Extent 1 of a matrix axis is not broadcasting, but reads the same.
    const left = (k: number): number => at(a!, [...batch, ...(transA ? [k, row] : [row, k])])
    const right = (k: number): number => at(b!, [...batch, ...(transB ? [column, k] : [k, column])])
    return sumOver(a!.shape.at(transA ? -2 : -1)!, (k) => left(k) * right(k))
  }),
]

const conv: Kernel<"Conv"> = ([x, w, bias], { attributes: { pads, strides }, outputs }) => {
  const [, channels, kernelHeight, kernelWidth] = w!.shape as [number, number, number, number]
  return [
    fill(outputs[0]!.shape, ([n, out, row, column]) => {
      const term = (c: number, i: number, j: number): number => {
        const place = [n!, c, row! * strides[0] + i - pads[0], column! * strides[1] + j - pads[1]]
        return at(w!, [out!, c, i, j]) * atOrZero(x!, place)
      }
      const window = (c: number): number => sumOver(kernelHeight, (i) => sumOver(kernelWidth, (j) => term(c, i, j)))
      return sumOver(channels, window) + (bias ? bias.data[out!]! : 0)
    }),
  ]
}

/** Every input element adds its share of the kernel to the places that Conv would have read. */
const convTranspose: Kernel<"ConvTranspose"> = ([x, w], { attributes: { pads, strides }, outputs }) => {
  const [, , kernelHeight, kernelWidth] = w!.shape as [number, number, number, number]
  const [channels, height, width] = x!.shape.slice(1) as [number, number, number]
  return [
    fill(outputs[0]!.shape, ([n, out, row, column]) => {
      const term = (c: number, i: number, j: number): number => {
        const [tapRow, tapColumn] = [row! + pads[0] - i * strides[0], column! + pads[1] - j * strides[1]]
        const isInside = tapRow >= 0 && tapRow < kernelHeight && tapColumn >= 0 && tapColumn < kernelWidth
        return isInside ? at(x!, [n!, c, i, j]) * at(w!, [c, out!, tapRow, tapColumn]) : 0
      }
      return sumOver(channels, (c) => sumOver(height, (i) => sumOver(width, (j) => term(c, i, j))))
    }),
  ]
}

/** Applies f to each row along the last axis. */
const rows = (x: Value, f: (row: Float64Array) => Float64Array): Value => {
  const length = x.shape.at(-1)!
  const data = new Float64Array(x.data.length)
  for (let start = 0; start < data.length; start += length) data.set(f(x.data.subarray(start, start + length)), start)
  return { shape: x.shape, data }
}

const softmaxRow = (row: Float64Array): Float64Array => {
  const largest = Math.max(...row)
  const powers = row.map((x) => Math.exp(x - largest))
  const sum = sumOver(powers.length, (index) => powers[index]!)
  return powers.map((power) => power / sum)
}

const multiHeadAttention: Kernel<"MultiHeadAttention"> = ([query, key, value], { attributes: { heads } }) => {
  const [, , width] = query!.shape as [number, number, number]
  const keys = key!.shape[1]!
  const d = width / heads
  return [
    fill(query!.shape, ([batch, row, column]) => {
      const first = column! - (column! % d)
      const score = (other: number): number =>
        sumOver(d, (i) => at(query!, [batch!, row!, first + i]) * at(key!, [batch!, other, first + i])) / Math.sqrt(d)
      const shares = softmaxRow(Float64Array.from({ length: keys }, (_, other) => score(other)))
      return sumOver(keys, (other) => shares[other]! * at(value!, [batch!, other, column!]))
    }),
  ]
}

const layerNormalization: Kernel<"LayerNormalization"> = ([x, scale, bias], { attributes, outputs }) => {
  const means: number[] = []
  const deviations: number[] = []
  const y = rows(x!, (row) => {
    const mean = sumOver(row.length, (index) => row[index]!) / row.length
    const variance = sumOver(row.length, (index) => (row[index]! - mean) ** 2) / row.length
    const invStdDev = 1 / Math.sqrt(variance + attributes.epsilon)
    means.push(mean)
    deviations.push(invStdDev)
    return row.map((value, index) => (value - mean) * invStdDev * scale!.data[index]! + (bias?.data[index] ?? 0))
  })
  const statistics = [means, deviations].map((data) => ({ shape: outputs[1]!.shape, data: Float64Array.from(data) }))
  return [y, ...statistics]
}

const kernels: { readonly [O in Exclude<OperationName, NamedLeaf>]: Kernel<O> } = {
  Constant: (_, { attributes: { data, shape } }) => [
    typeof data === "number" ? fill(shape, () => data) : { shape, data: Float64Array.from(data, Number) },
  ],
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Erf: unary(erf),
  Sigmoid: unary(sigmoid),
  Tanh: unary(Math.tanh),
  Greater: binary((a, b) => Number(a > b)),
  Equal: binary((a, b) => Number(a === b)),
  Where: ([condition, a, b], { outputs }) => [
    fill(outputs[0]!.shape, (index) => at(at(condition!, index) === 0 ? b! : a!, index)),
  ],
  Clip: ([x], { attributes: { min, max } }) => unary((value) => Math.min(Math.max(value, min), max))([x!]),
  ReduceSum: ([x], { attributes, outputs }) => [reduce(x!, attributes, outputs[0]!.shape)],
  ReduceMean: ([x], { attributes, outputs }) => {
    const sum = reduce(x!, attributes, outputs[0]!.shape)
    return unary((value) => (value * sum.data.length) / x!.data.length)([sum])
  },
  Reshape: ([x], { attributes: { shape } }) => [{ shape, data: x!.data }],
  Transpose: ([x], { attributes: { perm }, outputs }) => [
    fill(outputs[0]!.shape, (index) =>
      at(
        x!,
        x!.shape.map((_, axis) => index[perm.indexOf(axis)]!),
      ),
    ),
  ],
  Slice: ([x], { attributes: { axis, start, step }, outputs }) => [
    fill(outputs[0]!.shape, (index) => at(x!, index.with(axis, start + index[axis]! * step))),
  ],
  Concat: (parts, { attributes: { axis }, outputs }) => [
    fill(outputs[0]!.shape, (index) => {
      let [part, place] = [0, index[axis]!]
      for (; place >= parts[part]!.shape[axis]!; part++) place -= parts[part]!.shape[axis]!
      return at(parts[part]!, index.with(axis, place))
    }),
  ],
  Pad: ([x], { attributes: { before }, outputs }) => [
    fill(outputs[0]!.shape, (index) =>
      atOrZero(
        x!,
        index.map((place, axis) => place - before[axis]!),
      ),
    ),
  ],
  Expand: ([x], { attributes: { shape } }) => [fill(shape, (index) => at(x!, index))],
  Gather: ([table, indices], { outputs }) => [
    fill(outputs[0]!.shape, (index) => {
      const rank = indices!.shape.length
      return at(table!, [at(indices!, index.slice(0, rank)), ...index.slice(rank)])
    }),
  ],
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
  ConvTranspose: convTranspose,
  Resize: ([x], { attributes: { factor }, outputs }) => [
    fill(outputs[0]!.shape, ([n, c, row, column]) =>
      at(x!, [n!, c!, Math.floor(row! / factor), Math.floor(column! / factor)]),
    ),
  ],
  AveragePool: ([x], { attributes: { factor }, outputs }) => [
    fill(outputs[0]!.shape, ([n, c, row, column]) => {
      const element = (i: number, j: number): number => at(x!, [n!, c!, row! * factor + i, column! * factor + j])
      return sumOver(factor, (i) => sumOver(factor, (j) => element(i, j))) / factor ** 2
    }),
  ],
  Softmax: ([x]) => [rows(x!, softmaxRow)],
  LayerNormalization: layerNormalization,
  MultiHeadAttention: multiHeadAttention,
  Gelu: unary((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  QuickGelu: ([x], { attributes: { alpha } }) => unary((value) => value * sigmoid(alpha * value))([x!]),
  Cast: ([x], { attributes: { to } }) => {
    if (to === "bool") return unary((value) => Number(value !== 0))([x!])
    return to === "int64" ? unary(Math.trunc)([x!]) : [x!]
  },
}
