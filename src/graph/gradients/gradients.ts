/**
 * The gradient table: one rule per operation, total over the list, in its order.
 *
 * Letters: a, b or x, w inputs; y first output; g gradient of the loss with respect to y. The formula stands above each
 * rule. Broadcasting is undone by the walk (`autodiff.ts`), not here.
 * To add an operation: docs/contributing/operation.md.
 */
import { add, cast, div, erf, exp, greater, mul, neg, scaled, sigmoid, square, sub, where } from "../arithmetic.ts"
import { averagePool, gemm, matMul, upsampleNearest } from "../contraction.ts"
import { reshape, transpose } from "../movement.ts"
import type { OperationName } from "../operations.ts"
import { elementCount } from "../shape.ts"
import { attentionGradient } from "./attention-gradient.ts"
import {
  convInputGradient,
  convTransposeInputGradient,
  convTransposeWeightGradient,
  convWeightGradient,
  pictureSum,
} from "./convolution-gradients.ts"
import { type GradientRule, NoGradient, none } from "./gradient-rule.ts"
import { concatGradient, gatherGradient, padGradient, reductionGradient, sliceGradient } from "./movement-gradients.ts"
import { layerNormalizationGradient, softmaxGradient } from "./normalisation-gradients.ts"

/** y = alpha·A·B + beta·C with A = aᵀ or a, B = bᵀ or b:  dA = alpha·g·Bᵀ,  dB = alpha·Aᵀ·g,  dC = beta·g */
const gemmGradient: GradientRule<"Gemm"> = ({ node: { attributes }, inputs, g }) => {
  const { transA, transB, alpha, beta } = attributes
  const [a, b] = [inputs[0]!, inputs[1]!]
  return [
    // a itself is wanted, so with transA the product is written transposed: da = dAᵀ = alpha·B·gᵀ
    () => (transA ? gemm(b, g, { transA: transB, transB: true, alpha }) : gemm(g, b, { transB: !transB, alpha })),
    () => (transB ? gemm(g, a, { transA: true, transB: transA, alpha }) : gemm(a, g, { transA: !transA, alpha })),
    () => scaled(g, beta),
  ].slice(0, inputs.length)
}

/** y = A·B per matrix, as Gemm's without alpha and C. */
const matMulGradient: GradientRule<"MatMul"> = ({ node: { attributes }, inputs, g }) => {
  const { transA, transB } = attributes
  const [a, b] = [inputs[0]!, inputs[1]!]
  return [
    () => (transA ? matMul(b, g, { transA: transB, transB: true }) : matMul(g, b, { transB: !transB })),
    () => (transB ? matMul(g, a, { transA: true, transB: transA }) : matMul(a, g, { transA: !transA })),
  ]
}

/** d(x·Φ(x))/dx = Φ(x) + x·φ(x), Φ and φ the standard normal distribution and density */
const geluGradient: GradientRule<"Gelu"> = ({ inputs: [x], g }) => [
  () => {
    const distribution = mul(add(erf(mul(x!, Math.SQRT1_2)), 1), 0.5)
    const density = mul(exp(mul(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return mul(g, add(distribution, mul(x!, density)))
  },
]

/** d(x·σ)/dx = σ·(1 + αx·(1 − σ)) with σ = σ(αx); from x alone, so that y need not be kept */
const quickGeluGradient: GradientRule<"QuickGelu"> = ({ node, inputs: [x], g }) => [
  () => {
    const steep = scaled(x!, node.attributes.alpha)
    const s = sigmoid(steep)
    return mul(g, mul(s, add(mul(steep, sub(1, s)), 1)))
  },
]

export const gradientRules: { readonly [O in OperationName]: GradientRule<O> | NoGradient } = {
  // 1 leaves
  Input: new NoGradient("a leaf has no inputs"),
  Weight: new NoGradient("a leaf has no inputs"),
  Constant: new NoGradient("a leaf has no inputs"),

  // 2 arithmetic
  Add: ({ g }) => [() => g, () => g],
  Sub: ({ g }) => [() => g, () => neg(g)],
  // d(ab) = b·da + a·db
  Mul: ({ inputs: [a, b], g }) => [() => mul(g, b!), () => mul(g, a!)],
  // d(a/b) = da/b − y·db/b
  Div: ({ inputs: [, b], y, g }) => [() => div(g, b!), () => neg(div(mul(g, y), b!))],
  Neg: ({ g }) => [() => neg(g)],

  // 3 exponentials and roots
  Exp: ({ y, g }) => [() => mul(g, y)],
  Log: ({ inputs: [x], g }) => [() => div(g, x!)],
  // d√x = 1/(2√x)
  Sqrt: ({ y, g }) => [() => div(mul(g, 0.5), y)],
  // d erf(x) = 2/√π·exp(−x²)
  Erf: ({ inputs: [x], g }) => [() => mul(g, mul(exp(neg(square(x!))), 2 / Math.sqrt(Math.PI)))],
  // dσ = σ·(1 − σ)
  Sigmoid: ({ y, g }) => [() => mul(g, mul(y, sub(1, y)))],
  // d tanh = 1 − tanh²
  Tanh: ({ y, g }) => [() => mul(g, sub(1, square(y)))],

  // 4 comparison and selection
  Greater: new NoGradient("piecewise constant"),
  Equal: new NoGradient("piecewise constant"),
  Where: ({ inputs: [condition], g }) => [none, () => where(condition!, g, 0), () => where(condition!, 0, g)],
  // 1 inside and on the limits, 0 outside, as PyTorch's clamp
  Clip: ({ node: { attributes }, inputs: [x], g }) => [
    () => where(greater(x!, attributes.max), 0, where(greater(attributes.min, x!), 0, g)),
  ],

  // 5 reductions: g is repeated along what was summed
  ReduceSum: ({ node, inputs: [x], g }) => [() => reductionGradient(node.attributes.axes, x!.shape, g)],
  ReduceMean: ({ node, inputs: [x], y, g }) => [
    () => reductionGradient(node.attributes.axes, x!.shape, mul(g, elementCount(y.shape) / elementCount(x!.shape))),
  ],

  // 6 movement: every value's gradient goes back to where the value came from
  Reshape: ({ inputs: [x], g }) => [() => reshape(g, x!.shape)],
  Transpose: ({ node: { attributes }, g }) => [
    () =>
      transpose(
        g,
        attributes.perm.map((_, axis) => attributes.perm.indexOf(axis)),
      ),
  ],
  Slice: ({ node, inputs: [x], g }) => [() => sliceGradient(node.attributes, x!.shape, g)],
  Concat: ({ node, inputs, g }) => concatGradient(node.attributes.axis, inputs, g),
  Pad: ({ node, inputs: [x], g }) => [() => padGradient(node.attributes.before, x!.shape, g)],
  Expand: ({ g }) => [() => g],
  Gather: ({ inputs: [table, indices], g }) => [() => gatherGradient(table!.shape, indices!, g), none],

  // 7 contractions
  MatMul: matMulGradient,
  Gemm: gemmGradient,

  // 8 convolution and resizing
  Conv: ({ node, inputs, g }) =>
    [
      () => convInputGradient(node.attributes, inputs[0]!.shape, inputs[1]!, g),
      () => convWeightGradient(node.attributes, inputs[0]!, inputs[1]!.shape, g),
      () => pictureSum(g),
    ].slice(0, inputs.length),
  ConvTranspose: ({ node, inputs: [x, w], g }) => [
    () => convTransposeInputGradient(node.attributes, w!, g),
    () => convTransposeWeightGradient(node.attributes, x!, w!.shape, g),
  ],
  // a value was copied to factor² places: sum over them = factor²·mean
  Resize: ({ node, g }) => [() => mul(averagePool(g, node.attributes.factor), node.attributes.factor ** 2)],
  AveragePool: ({ node, g }) => [() => upsampleNearest(mul(g, node.attributes.factor ** -2), node.attributes.factor)],

  // 9 normalisation and activation
  Softmax: ({ y, g }) => [() => softmaxGradient(y, g)],
  LayerNormalization: layerNormalizationGradient,
  MultiHeadAttention: attentionGradient,
  Gelu: geluGradient,
  QuickGelu: quickGeluGradient,

  // 10 casts: rounding is treated as the identity
  Cast: ({ inputs: [x], g }) => [x!.dtype === "int64" || x!.dtype === "bool" ? none : () => cast(g, x!.dtype)],
}
