/**
 * The residual block and the 3×3 convolutions between resolutions, as UNet and VAE share them
 * (diffusers' ResnetBlock2D, Downsample2D, Upsample2D; block design of Ho et al. 2020, arXiv 2006.11239).
 */
import { add, conv, div, reshape, silu, slice, upsampleNearest } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import { doublingConv } from "./doubling-conv.ts"
import { linear, type ModelScope, pointwiseConv } from "./lora-branch.ts"
import { type GroupNormSettings, groupNorm } from "./normalisation.ts"

/** A square convolution with bias; unless `pads` says otherwise the picture keeps its size. */
export const pictureConv = (
  { weights }: ModelScope,
  path: string,
  x: Tensor,
  outChannels: number,
  {
    kernel = 3,
    stride = 1,
    pads,
  }: {
    readonly kernel?: number
    readonly stride?: number
    /** top, left, bottom, right */
    readonly pads?: readonly [number, number, number, number]
  } = {},
): Tensor => {
  const w = weights.get(`${path}.weight`, [outChannels, x.shape[1]!, kernel, kernel])
  const around = (kernel - 1) / 2
  return conv(x, w, {
    bias: weights.get(`${path}.bias`, [outChannels]),
    strides: [stride, stride],
    pads: pads ?? [around, around, around, around],
  })
}

export interface Resnet {
  readonly path: string
  readonly inChannels: number
  readonly outChannels: number
}

export interface ResnetSettings extends GroupNormSettings {
  /** SiLU of the time embedding, [batch, width]; the VAE has none. */
  readonly activatedTime?: Tensor
  /** The sum of both ways is divided by this. */
  readonly outputScale?: number
}

export const resnet = (
  scope: ModelScope,
  { path, inChannels, outChannels }: Resnet,
  x: Tensor,
  { activatedTime, outputScale = 1, ...norm }: ResnetSettings,
): Tensor => {
  const first = pictureConv(scope, `${path}.conv1`, silu(groupNorm(scope, `${path}.norm1`, x, norm)), outChannels)
  const timed = activatedTime ? add(first, timeShift(scope, path, activatedTime, outChannels)) : first
  const second = pictureConv(scope, `${path}.conv2`, silu(groupNorm(scope, `${path}.norm2`, timed, norm)), outChannels)
  const straight =
    inChannels === outChannels ? x : pointwiseConv(scope, `${path}.conv_shortcut`, x, inChannels, outChannels)
  const sum = add(straight, second)
  return outputScale === 1 ? sum : div(sum, outputScale)
}

/** One number per sample and channel, [batch, channels, 1, 1]. */
const timeShift = (scope: ModelScope, path: string, activatedTime: Tensor, channels: number): Tensor => {
  const [batch, width] = activatedTime.shape as readonly [number, number]
  return reshape(linear(scope, `${path}.time_emb_proj`, activatedTime, width, channels), [batch, channels, 1, 1])
}

/** Halves the resolution. Padding 0 means one line of zeros on the right and at the bottom only, as diffusers does. */
export const downsample = (scope: ModelScope, path: string, x: Tensor, padding: 0 | 1): Tensor =>
  pictureConv(scope, path, x, x.shape[1]!, { stride: 2, pads: padding === 1 ? [1, 1, 1, 1] : [0, 0, 1, 1] })

/**
 * Doubles the resolution, then convolves. `size` cuts the doubled picture to what it was before an odd side was halved:
 * nearest neighbour to 2n − 1 is nearest neighbour to 2n without its last line.
 */
export const upsample = (
  scope: ModelScope,
  path: string,
  x: Tensor,
  size?: readonly [height: number, width: number],
): Tensor => {
  const [, channels, height, width] = x.shape as readonly [number, number, number, number]
  const [wantedHeight, wantedWidth] = size ?? [2 * height, 2 * width]
  if (wantedHeight === 2 * height && wantedWidth === 2 * width) {
    const { weights } = scope
    const w = weights.get(`${path}.weight`, [channels, channels, 3, 3])
    return doublingConv(x, w, weights.get(`${path}.bias`, [channels]))
  }
  const doubled = upsampleNearest(x, 2)
  const cut = slice(slice(doubled, { axis: 2, start: 0, end: wantedHeight }), { axis: 3, start: 0, end: wantedWidth })
  return pictureConv(scope, path, cut, channels)
}
