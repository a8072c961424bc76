/**
 * The list of operations: every operation a graph may contain, in ONNX spelling, with its attributes and inputs.
 *
 * The one idea: everything that must treat each operation (shape rules, gradients, ONNX forms, work, result places, the
 * interpreter of the tests) is a record over this list, so that adding a line here makes the type checker name every
 * place that is missing. The recipe: docs/contributing/operation.md.
 * Semantics are those of ONNX opset 21 (QuickGelu, MultiHeadAttention and a MatMul that transposes: com.microsoft 1),
 * narrowed to static shapes and to the attributes below.
 */
import type { DType, Shape } from "./tensor.ts"

/** Nothing to say beyond the inputs. */
export type None = Readonly<Record<never, never>>

/** Edges of a picture: [top, left, bottom, right], as ONNX orders them for two spatial axes. */
export type Edges = readonly [top: number, left: number, bottom: number, right: number]
export type Pair = readonly [vertical: number, horizontal: number]

export interface Attributes {
  // 1 leaves
  /** Fed at every run. */
  readonly Input: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  /** Frozen; lies in a user's file under this name, in this dtype. */
  readonly Weight: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  /** Data inside the graph. A plain number fills the whole shape. */
  readonly Constant: {
    readonly data: Float32Array | BigInt64Array | number
    readonly shape: Shape
    readonly dtype: DType
  }

  // 2 arithmetic: (a, b) with broadcasting, or (a)
  readonly Add: None
  readonly Sub: None
  readonly Mul: None
  readonly Div: None
  readonly Neg: None

  // 3 exponentials and roots: (x)
  readonly Exp: None
  readonly Log: None
  readonly Sqrt: None
  readonly Erf: None
  readonly Sigmoid: None
  readonly Tanh: None

  // 4 comparison and selection
  /** (a, b) → bool */
  readonly Greater: None
  /** (a, b) → bool; also of int64 */
  readonly Equal: None
  /** (condition, whenTrue, whenFalse), all broadcasting */
  readonly Where: None
  readonly Clip: { readonly min: number; readonly max: number }

  // 5 reductions: (x); axes normal and ascending
  readonly ReduceSum: { readonly axes: readonly number[]; readonly keepdims: boolean }
  readonly ReduceMean: { readonly axes: readonly number[]; readonly keepdims: boolean }

  // 6 movement
  readonly Reshape: { readonly shape: Shape }
  readonly Transpose: { readonly perm: readonly number[] }
  /** One axis; start and end are positions, end excluded; for a negative step `end` may be -1, the place before 0. */
  readonly Slice: { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }
  readonly Concat: { readonly axis: number }
  /** Zeros around: how many before and after, per axis. */
  readonly Pad: { readonly before: readonly number[]; readonly after: readonly number[] }
  readonly Expand: { readonly shape: Shape }
  /** (table, indices): rows of the table, indices int64 of any shape */
  readonly Gather: None

  // 7 contractions
  /** (a, b) → a'·b', rank ≥ 2, leading axes broadcast; transposed are the last two axes */
  readonly MatMul: { readonly transA: boolean; readonly transB: boolean }
  /** (a, b, c?) → alpha·a'·b' + beta·c, 2-D; c broadcasts */
  readonly Gemm: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number; readonly beta: number }

  // 8 convolution and resizing, [batch, channels, height, width]
  /** (x, w [out, in, kh, kw], bias? [out]) */
  readonly Conv: { readonly pads: Edges; readonly strides: Pair }
  /** (x, w [in, out, kh, kw]): the same-weight convolution transposed; outputPadding grows bottom and right */
  readonly ConvTranspose: { readonly pads: Edges; readonly strides: Pair; readonly outputPadding: Pair }
  /** Nearest neighbour, each picture element becomes factor × factor equal ones */
  readonly Resize: { readonly factor: number }
  /** Mean over factor × factor windows that do not overlap */
  readonly AveragePool: { readonly factor: number }

  // 9 normalisation and activation
  /** Along the last axis */
  readonly Softmax: None
  /** (x, scale, bias?) along the last axis → y, mean, invStdDev (both [..., 1]); only y is differentiable */
  readonly LayerNormalization: { readonly epsilon: number }
  /**
   * (query [batch, queries, width], key, value [batch, keys, width]) → softmax(q·kᵀ/√d)·v per head of width d, side by
   * side; the scores are never kept
   */
  readonly MultiHeadAttention: { readonly heads: number }
  /** x·Φ(x), exact */
  readonly Gelu: None
  /** x·σ(alpha·x); alpha 1 is SiLU, 1.702 CLIP's */
  readonly QuickGelu: { readonly alpha: number }

  // 10 casts
  readonly Cast: { readonly to: DType }
}

export type OperationName = keyof Attributes

/** Leaves whose values come from outside, fed or from a file, under a name of their own: no nodes of the ONNX model. */
export type NamedLeaf = "Input" | "Weight"
