/**
 * Builders that multiply and add up: matrix products, convolutions, and resizing of pictures.
 *
 * Gemm is the preferred product: it reads a Linear's weight [out, in] as it lies in the file (transB), adds the bias,
 * and its gradients are again single Gemms on the same weight.
 */
import { apply } from "./apply.ts"
import type { Edges, Pair } from "./operations.ts"
import type { Tensor } from "./tensor.ts"

export interface MatMulOptions {
  readonly transA?: boolean
  readonly transB?: boolean
}

/** Batched product a'·b' of the last two axes, each transposed on request; leading axes broadcast. */
export const matMul = (a: Tensor, b: Tensor, { transA = false, transB = false }: MatMulOptions = {}): Tensor =>
  apply("MatMul", [a, b], { transA, transB })

export interface GemmOptions {
  readonly transA?: boolean
  readonly transB?: boolean
  readonly alpha?: number
  readonly beta?: number
  /** Added after scaling by beta; broadcasts to the product. */
  readonly c?: Tensor
}

/** alpha·a'·b' + beta·c of two matrices, a' and b' being transposed on request. */
export const gemm = (a: Tensor, b: Tensor, options: GemmOptions = {}): Tensor => {
  const { transA = false, transB = false, alpha = 1, beta = 1, c } = options
  // Without c beta means nothing; 1 leaves it ready for a c that is added later.
  if (c === undefined) return apply("Gemm", [a, b], { transA, transB, alpha, beta: 1 })
  return apply("Gemm", [a, b, c], { transA, transB, alpha, beta })
}

export interface ConvOptions {
  readonly bias?: Tensor
  readonly strides?: Pair
  /** [top, left, bottom, right] */
  readonly pads?: Edges
}

export const conv = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor => {
  const { bias, strides = [1, 1], pads = [0, 0, 0, 0] } = options
  return apply("Conv", bias === undefined ? [x, w] : [x, w, bias], { pads, strides })
}

export interface ConvTransposeOptions {
  readonly strides?: Pair
  readonly pads?: Edges
  readonly outputPadding?: Pair
}

/** What `conv` with the same weight, strides and pads maps the result's shape back from. */
export const convTranspose = (x: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor => {
  const { strides = [1, 1], pads = [0, 0, 0, 0], outputPadding = [0, 0] } = options
  return apply("ConvTranspose", [x, w], { pads, strides, outputPadding })
}

export const upsampleNearest = (x: Tensor, factor: number): Tensor => apply("Resize", [x], { factor })
export const averagePool = (x: Tensor, factor: number): Tensor => apply("AveragePool", [x], { factor })
