/**
 * Small examples of every operation: what the gradient test differentiates and the session test runs.
 *
 * A record over the list of operations: an operation without examples does not compile. Every differentiable input of
 * an operation is fed in some case, and operands that may broadcast do so on either side.
 */
import * as g from "../../src/graph/build.ts"
import type { OperationName } from "../../src/graph/operations.ts"
import type { Shape, Tensor } from "../../src/graph/tensor.ts"

export interface OperationCase {
  readonly title: string
  /** Fed float32 tensors by name; the gradient is checked for each. */
  readonly feeds: Readonly<Record<string, Shape>>
  /** Where the fed values lie; -1 to 1 unless given. */
  readonly range?: readonly [low: number, high: number]
  /** Fed values are multiples of this, for operations that round. */
  readonly grain?: number
  /** Relative rounding error of the narrowest dtype involved; float32's unless given. */
  readonly rounding?: number
  readonly build: (feeds: Readonly<Record<string, Tensor>>) => Tensor
}

/** The one frozen weight of the cases: [2, 3] float32. */
export const frozenWeight = { name: "frozen", shape: [2, 3] } as const

const of = (
  title: string,
  feeds: Readonly<Record<string, Shape>>,
  build: (...fed: Tensor[]) => Tensor,
  range?: readonly [number, number],
): OperationCase => ({
  title,
  feeds,
  build: (fed) => build(...Object.keys(feeds).map((name) => fed[name]!)),
  ...(range && { range }),
})

const unary = (f: (x: Tensor) => Tensor, range?: readonly [number, number]): readonly OperationCase[] => [
  of("a matrix", { x: [3, 4] }, f, range),
]

const binary = (f: (a: Tensor, b: Tensor) => Tensor, range?: readonly [number, number]): readonly OperationCase[] => [
  of("equal shapes", { a: [2, 3], b: [2, 3] }, f, range),
  of("a row on the right", { a: [2, 3], b: [3] }, f, range),
  of("a column on the left", { a: [2, 1], b: [2, 3] }, f, range),
  of("both broadcast", { a: [2, 1, 3], b: [4, 1] }, f, range),
  of("a scalar", { a: [], b: [2, 2] }, f, range),
  of("the same tensor twice", { a: [2, 2] }, (a) => f(a, a), range),
]

const gemmCases = [false, true].flatMap((transA) =>
  [false, true].map((transB) =>
    of(`transA ${transA}, transB ${transB}`, { a: transA ? [4, 3] : [3, 4], b: transB ? [2, 4] : [4, 2] }, (a, b) =>
      g.gemm(a, b, { transA, transB, alpha: 0.7 }),
    ),
  ),
)

const picture = { x: [2, 3, 6, 5] }

export const operationCases: { readonly [O in OperationName]: readonly OperationCase[] } = {
  Input: [of("itself", { x: [2, 3] }, (x) => g.neg(x))],
  Weight: [of("beside a fed tensor", { x: [2, 3] }, (x) => g.mul(x, g.weight(frozenWeight.name, frozenWeight.shape)))],
  Constant: [
    of("data", { x: [2, 3] }, (x) => g.mul(x, g.constant(Float32Array.of(1, 2, 3, -1, -2, -3), [2, 3]))),
    of("a filled shape", { x: [3] }, (x) => g.mul(x, g.constant(2.5, [2, 3]))),
    of("a filled shape too large to store", { x: [2] }, (x) => g.mul(x, g.constant(-0.5, [600, 2]))),
  ],

  Add: binary(g.add),
  Sub: binary(g.sub),
  Mul: binary(g.mul),
  Div: binary(g.div, [0.5, 2]),
  Neg: unary(g.neg),

  Exp: unary(g.exp),
  Log: unary(g.log, [0.5, 3]),
  Sqrt: unary(g.sqrt, [0.5, 3]),
  Erf: unary(g.erf, [-3, 3]),
  Sigmoid: unary(g.sigmoid, [-4, 4]),
  Tanh: unary(g.tanh, [-2, 2]),

  Greater: [of("as a number", { a: [2, 3], b: [3] }, (a, b) => g.mul(a, g.cast(g.greater(a, b), "float32")))],
  Equal: [
    of("of floats", { a: [2, 3] }, (a) => g.add(a, g.cast(g.equal(a, a), "float32"))),
    of("of integers", { a: [3] }, (a) => {
      const [left, right] = [g.constant(BigInt64Array.of(1n, 2n, 3n)), g.constant(BigInt64Array.of(1n, 5n, 3n))]
      return g.mul(a, g.cast(g.equal(left, right), "float32"))
    }),
  ],
  Where: [
    of("equal shapes", { a: [2, 3], b: [2, 3] }, (a, b) => g.where(g.greater(a, 0), a, b)),
    of("every operand broadcasts", { a: [2, 1], b: [3] }, (a, b) => g.where(g.greater(b, 0), a, b)),
  ],
  Clip: [of("both limits bite", { x: [4, 5] }, (x) => g.clip(x, -0.5, 0.4))],

  ReduceSum: [
    of("the last axis", { x: [2, 3, 4] }, (x) => g.reduceSum(x, [-1])),
    of("two axes, kept", { x: [2, 3, 4] }, (x) => g.reduceSum(x, [0, 2], true)),
    of("all axes", { x: [2, 3] }, (x) => g.reduceSum(x, [0, 1])),
  ],
  ReduceMean: [
    of("the first axis", { x: [2, 3, 4] }, (x) => g.reduceMean(x, [0])),
    of("the middle axis, kept", { x: [2, 3, 4] }, (x) => g.reduceMean(x, [1], true)),
    of("all axes", { x: [2, 3] }, g.meanOfAll),
  ],

  Reshape: [of("with an extent to infer", { x: [2, 3, 4] }, (x) => g.reshape(x, [4, -1]))],
  Transpose: [
    of("three axes turned", { x: [2, 3, 4] }, (x) => g.transpose(x, [2, 0, 1])),
    of("matrices", { x: [2, 3, 4] }, g.matrixTranspose),
  ],
  Slice: [
    of("the middle", { x: [3, 7] }, (x) => g.slice(x, { axis: 1, start: 2, end: 5 })),
    of("every third from the second", { x: [7, 2] }, (x) => g.slice(x, { axis: 0, start: 1, end: 7, step: 3 })),
    of("every second to the end", { x: [2, 7] }, (x) => g.slice(x, { axis: 1, start: 0, end: 7, step: 2 })),
    of("reversed", { x: [2, 5, 2] }, (x) => g.reversed(x, 1)),
    of("backwards by two", { x: [2, 7] }, (x) => g.slice(x, { axis: -1, start: 5, end: 0, step: -2 })),
    of("backwards by three to the first", { x: [7] }, (x) => g.slice(x, { axis: 0, start: 6, end: -1, step: -3 })),
    of("pieces", { x: [2, 5] }, (x) => {
      const [left, right] = g.split(x, [2, 3], 1) as [Tensor, Tensor]
      return g.mul(g.reduceSum(left, [1], true), right)
    }),
  ],
  Concat: [
    of("two of different extent", { a: [2, 3], b: [2, 2] }, (a, b) => g.concat([a, b], 1)),
    of("one tensor twice around another", { a: [1, 2], b: [3, 2] }, (a, b) => g.concat([a, b, a], 0)),
  ],
  Pad: [of("unequal sides", { x: [2, 3] }, (x) => g.pad(x, [1, 0, 2, 3]))],
  Expand: [of("a new axis and an axis of one", { x: [2, 1] }, (x) => g.expand(x, [3, 2, 4]))],
  Gather: [
    of("rows, one of them twice", { table: [4, 3] }, (table) =>
      g.gather(table, g.constant(BigInt64Array.of(2n, 0n, 2n, 3n), [2, 2])),
    ),
  ],

  MatMul: [
    of("matrices", { a: [3, 4], b: [4, 2] }, (a, b) => g.matMul(a, b)),
    of("a batch of each", { a: [2, 3, 4], b: [2, 4, 2] }, (a, b) => g.matMul(a, b)),
    of("one matrix for a batch, right", { a: [2, 3, 4], b: [4, 2] }, (a, b) => g.matMul(a, b)),
    of("one matrix for a batch, left", { a: [3, 4], b: [2, 4, 2] }, (a, b) => g.matMul(a, b)),
    of("batches broadcast both ways", { a: [2, 1, 3, 2], b: [1, 3, 2, 2] }, (a, b) => g.matMul(a, b)),
    of("left transposed", { a: [2, 4, 3], b: [2, 4, 2] }, (a, b) => g.matMul(a, b, { transA: true })),
    of("right transposed", { a: [2, 3, 4], b: [2, 2, 4] }, (a, b) => g.matMul(a, b, { transB: true })),
    of("both transposed", { a: [2, 4, 3], b: [2, 2, 4] }, (a, b) => g.matMul(a, b, { transA: true, transB: true })),
    of("one transposed matrix for a batch, left", { a: [4, 3], b: [2, 4, 2] }, (a, b) =>
      g.matMul(a, b, { transA: true }),
    ),
    of("one transposed matrix for a batch, right", { a: [2, 3, 4], b: [2, 4] }, (a, b) =>
      g.matMul(a, b, { transB: true }),
    ),
    of("scores: a times its own transpose", { a: [2, 3, 4] }, (a) => g.matMul(a, g.matrixTranspose(a))),
  ],
  Gemm: [
    ...gemmCases,
    of("a row as c", { a: [3, 4], b: [4, 2], c: [2] }, (a, b, c) => g.gemm(a, b, { c })),
    of("a matrix as c, scaled", { a: [3, 4], b: [2, 4], c: [3, 2] }, (a, b, c) =>
      g.gemm(a, b, { transB: true, alpha: 1.5, beta: -0.5, c }),
    ),
    of("a column as c", { a: [3, 4], b: [4, 2], c: [3, 1] }, (a, b, c) => g.gemm(a, b, { c })),
    of("a low-rank branch on a product", { x: [5, 4], w: [3, 4], down: [2, 4], up: [3, 2] }, (x, w, down, up) => {
      const base = g.gemm(x, w, { transB: true })
      return g.gemm(g.gemm(x, down, { transB: true }), up, { transB: true, alpha: 0.5, c: base })
    }),
  ],

  Conv: [
    of("3×3 with bias", { ...picture, w: [4, 3, 3, 3], bias: [4] }, (x, w, bias) =>
      g.conv(x, w, { bias, pads: [1, 1, 1, 1] }),
    ),
    of("3×3 to fewer channels", { ...picture, w: [2, 3, 3, 3] }, (x, w) => g.conv(x, w, { pads: [1, 1, 1, 1] })),
    of("3×3 to fewer channels, unequal pads", { ...picture, w: [2, 3, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [0, 1, 2, 1] }),
    ),
    of("3×3 of as many channels as places, unequal pads", { x: [1, 4, 2, 3], w: [4, 4, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [1, 0, 1, 2] }),
    ),
    of("3×3 of more channels than places", { x: [2, 3, 2, 2], w: [9, 3, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [1, 1, 1, 1] }),
    ),
    of("3×3 of more channels than places, unequal pads", { x: [1, 3, 2, 3], w: [8, 3, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [2, 1, 0, 1] }),
    ),
    of("1×1", { ...picture, w: [2, 3, 1, 1], bias: [2] }, (x, w, bias) => g.conv(x, w, { bias })),
    of("1×1 to more channels", { ...picture, w: [5, 3, 1, 1] }, (x, w) => g.conv(x, w)),
    of("1×1 of a padded picture", { ...picture, w: [2, 3, 1, 1] }, (x, w) => g.conv(x, w, { pads: [1, 1, 1, 1] })),
    of("3×3 stride 2, even height", { ...picture, w: [4, 3, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [1, 1, 1, 1], strides: [2, 2] }),
    ),
    of("3×3 stride 2, pads only at bottom and right", { x: [1, 2, 6, 6], w: [2, 2, 3, 3] }, (x, w) =>
      g.conv(x, w, { pads: [0, 0, 1, 1], strides: [2, 2] }),
    ),
    of("a kernel that is not square, strides that differ", { x: [1, 2, 7, 6], w: [3, 2, 2, 3] }, (x, w) =>
      g.conv(x, w, { pads: [1, 0, 0, 1], strides: [3, 1] }),
    ),
    of("pads wider than the kernel reaches", { x: [1, 2, 3, 3], w: [1, 2, 2, 2] }, (x, w) =>
      g.conv(x, w, { pads: [2, 2, 2, 2] }),
    ),
  ],
  ConvTranspose: [
    of("stride 2 with output padding", { x: [2, 3, 3, 3], w: [3, 2, 3, 3] }, (x, w) =>
      g.convTranspose(x, w, { strides: [2, 2], pads: [1, 1, 1, 1], outputPadding: [1, 1] }),
    ),
    of("unequal pads and strides", { x: [1, 2, 3, 4], w: [2, 3, 3, 2] }, (x, w) =>
      g.convTranspose(x, w, { strides: [2, 1], pads: [0, 0, 1, 1] }),
    ),
    of("stride 1", { x: [1, 2, 3, 3], w: [2, 2, 3, 3] }, (x, w) => g.convTranspose(x, w, { pads: [1, 1, 1, 1] })),
  ],
  Resize: [
    of("twice", { x: [2, 2, 2, 3] }, (x) => g.upsampleNearest(x, 2)),
    of("three times", { x: [1, 1, 2, 2] }, (x) => g.upsampleNearest(x, 3)),
  ],
  AveragePool: [of("by two", { x: [2, 2, 4, 6] }, (x) => g.averagePool(x, 2))],

  Softmax: [of("rows of a batch", { x: [2, 3, 4] }, g.softmax, [-3, 3])],
  LayerNormalization: [
    of("with bias", { x: [2, 3, 5], scale: [5], bias: [5] }, (x, scale, bias) =>
      g.layerNormalization(x, scale, bias, 1e-5),
    ),
    of("without bias", { x: [3, 4], scale: [4] }, (x, scale) => g.layerNormalization(x, scale, undefined, 1e-2)),
    of("of ones", { x: [3, 4] }, (x) => g.layerNormalization(x, g.ones([4]), undefined, 1e-5)),
    of("over groups", { x: [2, 4, 3, 2], gamma: [4], beta: [4] }, (x, gamma, beta) =>
      g.groupNormalization(x, gamma, beta, 2, 1e-5),
    ),
  ],
  MultiHeadAttention: [
    of("more keys than queries", { q: [2, 3, 8], k: [2, 5, 8], v: [2, 5, 8] }, (q, k, v) =>
      g.multiHeadAttention(q, k, v, 2),
    ),
    of("a single key", { q: [2, 3, 8], k: [2, 1, 8], v: [2, 1, 8] }, (q, k, v) => g.multiHeadAttention(q, k, v, 2)),
    of("a sequence with itself", { x: [1, 4, 6] }, (x) => g.multiHeadAttention(x, x, x, 3)),
  ],
  Gelu: unary(g.gelu, [-3, 3]),
  QuickGelu: [
    of("CLIP's", { x: [3, 4] }, (x) => g.quickGelu(x, 1.702), [-3, 3]),
    of("SiLU", { x: [3, 4] }, g.silu, [-3, 3]),
  ],

  Cast: [
    {
      ...of("to 16 bits and back", { x: [2, 3] }, (x) => g.square(g.cast(g.cast(x, "float16"), "float32"))),
      grain: 1 / 8,
      rounding: 2 ** -11,
    },
    {
      ...of("to the other 16 bits and back", { x: [2, 3] }, (x) => g.exp(g.cast(g.cast(x, "bfloat16"), "float32"))),
      grain: 1 / 8,
      rounding: 2 ** -9,
    },
    of("from integers", { x: [3] }, (x) => g.mul(x, g.cast(g.constant(BigInt64Array.of(3n, -2n, 7n)), "float32"))),
  ],
}
