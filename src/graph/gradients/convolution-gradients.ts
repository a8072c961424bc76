/**
 * Gradients of convolutions, written as convolutions and matrix products again.
 *
 * Letters: x [n, c, H, W] input, w [o, c, kh, kw] weight, g [n, o, h, w] gradient of the output; s strides, p pads.
 * y[o, i] = Σ_c Σ_k w[o, c, k]·x[c, s·i + k − p], here and below in one dimension.
 * Which form is fastest was measured on ONNX Runtime's CPU kernels.
 */
import { cast, reduceSum } from "../arithmetic.ts"
import { conv, convTranspose, matMul } from "../contraction.ts"
import { concat, pad, reshape, reversed, slice, transpose } from "../movement.ts"
import type { Attributes, Edges, Pair } from "../operations.ts"
import { elementCount } from "../shape.ts"
import type { Shape, Tensor } from "../tensor.ts"

type Shape4 = readonly [number, number, number, number]
type Window = Attributes["Conv"]

const shape4 = (shape: Shape): Shape4 => shape as Shape4

/** The border that lets a flipped kernel reach every place: kernel − 1 − pads on each side. */
const mirroredPads = (kernel: Pair, [top, left, bottom, right]: Edges): Edges => [
  kernel[0] - 1 - top,
  kernel[1] - 1 - left,
  kernel[0] - 1 - bottom,
  kernel[1] - 1 - right,
]

/** Stride 1, and pads no wider than the kernel reaches: then the mirror image is again a plain convolution. */
const isMirrorable = ({ strides, pads }: Window, kernel: Pair): boolean =>
  strides.every((stride) => stride === 1) && mirroredPads(kernel, pads).every((width) => width >= 0)

/**
 * dx[c, j] = Σ_o Σ_k w[o, c, k]·g[o, (j + p − k)/s], over the k for which the division comes out even.
 *
 * Stride 1: a convolution of g with the flipped, channel-swapped weight; for 1×1 kernels one matrix product.
 * Larger strides, and small pictures of many channels, for which swapping the weight would cost more than the products:
 * ConvTranspose with the same weight. Its output is as large as the smallest input with that many windows; the columns
 * no window reached are output padding. Example: H = 8, kernel 3, stride 2, pads 1: h = 4, the smallest input is
 * 2·3 + 3 − 2 = 7, so one row is added. Asymmetric pads (0 before, 1 after) come out even: 2·3 + 3 − 1 = 8.
 */
export const convInputGradient = (window: Window, x: Shape, w: Tensor, g: Tensor): Tensor => {
  const { strides, pads } = window
  const [, , height, width] = shape4(x)
  const [out, , kernelHeight, kernelWidth] = shape4(w.shape)
  const [batch, , rows, columns] = shape4(g.shape)
  const kernel: Pair = [kernelHeight, kernelWidth]
  if (isMirrorable(window, kernel)) {
    if (kernelHeight * kernelWidth === 1 && pads.every((edge) => edge === 0)) return pointwiseInputGradient(w, g)
    if (batch * rows * columns >= out) return mirroredConv(g, w, x, mirroredPads(kernel, pads))
  }
  const outputPadding: Pair = [
    height - (strides[0] * (rows - 1) + kernelHeight - pads[0] - pads[2]),
    width - (strides[1] * (columns - 1) + kernelWidth - pads[1] - pads[3]),
  ]
  return convTranspose(g, w, { strides, pads, outputPadding })
}

/** 1×1: dx = wᵀ·g over [channels, places]. */
const pointwiseInputGradient = (w: Tensor, g: Tensor): Tensor => {
  const [out, channels] = shape4(w.shape)
  const [batch, , height, width] = shape4(g.shape)
  const product = matMul(reshape(w, [out, channels]), reshape(g, [batch, out, height * width]), { transA: true })
  return reshape(product, [batch, channels, height, width])
}

/**
 * Convolution of g with the mirror image of w. Turning all pictures by half a turn does the same as reversing both kernel
 * axes, so whichever is smaller is turned; only the channel axes of a large weight are still swapped.
 */
const mirroredConv = (g: Tensor, w: Tensor, x: Shape, pads: Edges): Tensor => {
  if (elementCount(w.shape) <= elementCount(g.shape) + elementCount(x)) return conv(g, mirrored(w), { pads })
  const [top, left, bottom, right] = pads
  return halfTurned(conv(halfTurned(g), swapped(w), { pads: [bottom, right, top, left] }))
}

const halfTurned = (x: Tensor): Tensor => {
  const flat = reshape(x, [...x.shape.slice(0, 2), -1])
  return reshape(reversed(flat, 2), x.shape)
}

/** w with its channel axes swapped. */
const swapped = (w: Tensor): Tensor => withSwappedChannels(w, (flat) => flat)

/** w with both kernel axes reversed and its channel axes swapped. Reversing the joint axis reverses both. */
const mirrored = (w: Tensor): Tensor => withSwappedChannels(w, (flat) => reversed(flat, 2))

/**
 * [out, channels, kh, kw] → [channels, out, kh, kw]. In two steps, each of which transposes matrices: in one step blocks of
 * nine numbers would be moved, at half the speed. A weight stored in 16 bits is moved before it is cast.
 */
const withSwappedChannels = (w: Tensor, before: (flat: Tensor) => Tensor): Tensor => {
  const [out, channels, kernelHeight, kernelWidth] = shape4(w.shape)
  const isCast = w.node.op === "Cast"
  const flat = before(reshape(isCast ? w.node.inputs[0]! : w, [out, channels, kernelHeight * kernelWidth]))
  const swappedFlat = transpose(transpose(flat, [1, 2, 0]), [0, 2, 1])
  return cast(reshape(swappedFlat, [channels, out, kernelHeight, kernelWidth]), w.dtype)
}

/**
 * dw[o, c, k] = Σ_i g[o, i]·x[c, s·i + k − p]: for every kernel place one shifted copy, all copies in one product.
 *
 * Either side can be shifted. With stride 1 the one with fewer channels is (for a low-rank adapter far cheaper);
 * otherwise x is, read in steps of the stride.
 */
export const convWeightGradient = (window: Window, x: Tensor, w: Shape, g: Tensor): Tensor => {
  const [out, channels, kernelHeight, kernelWidth] = shape4(w)
  const kernel: Pair = [kernelHeight, kernelWidth]
  if (out < channels && isMirrorable(window, kernel)) {
    const [, , height, width] = shape4(x.shape)
    // Σ_j x[c, j]·g[o, j + p − k]: the copies of the bordered g run through the kernel backwards
    const copies = shiftedCopies(g, mirroredPads(kernel, window.pads), kernel, [height, width], [1, 1]).reverse()
    const product = overPlaces(concat(copies, 1), x)
    return transpose(reshape(product, [kernelHeight, kernelWidth, out, channels]), [2, 3, 0, 1])
  }
  const [, , rows, columns] = shape4(g.shape)
  const copies = shiftedCopies(x, window.pads, kernel, [rows, columns], window.strides)
  const product = overPlaces(g, concat(copies, 1))
  return transpose(reshape(product, [out, kernelHeight, kernelWidth, channels]), [0, 3, 1, 2])
}

/** For each kernel place, row by row, the `extent` values it meets. */
const shiftedCopies = (x: Tensor, pads: Edges, kernel: Pair, extent: Pair, strides: Pair): Tensor[] => {
  const bordered = pad(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])
  return Array.from({ length: kernel[0] * kernel[1] }, (_, place) => {
    const [row, column] = [Math.floor(place / kernel[1]), place % kernel[1]]
    const rows = along(bordered, 2, row, extent[0], strides[0])
    return along(rows, 3, column, extent[1], strides[1])
  })
}

const along = (x: Tensor, axis: number, start: number, count: number, step: number): Tensor =>
  slice(x, { axis, start, end: start + (count - 1) * step + 1, step })

/** Σ over batch and places of a[a's channel]·b[b's channel]: [channels of a, channels of b]. */
const overPlaces = (a: Tensor, b: Tensor): Tensor => {
  const rows = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, x.shape[1]!, -1])
  return reduceSum(matMul(rows(a), rows(b), { transB: true }), [0])
}

/** Gradient of a bias per channel: the sum over batch and places. */
export const pictureSum = (g: Tensor): Tensor => reduceSum(g, [0, 2, 3])

/** A ConvTranspose is the input gradient of a Conv, so its own input gradient is that Conv. */
export const convTransposeInputGradient = (window: Window, w: Tensor, g: Tensor): Tensor =>
  conv(g, w, { strides: window.strides, pads: window.pads })

/** The same correspondence: g plays the Conv's input, x its output's gradient. */
export const convTransposeWeightGradient = (window: Window, x: Tensor, w: Shape, g: Tensor): Tensor =>
  convWeightGradient(window, g, w, x)
