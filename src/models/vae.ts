/**
 * AutoencoderKL: picture to the mean and log-variance of its latent, and latent back to picture
 * (Rombach et al. 2022, arXiv 2112.10752; diffusers' AutoencoderKL with Encoder and Decoder).
 *
 * Latents here are the model's own; scaling and shifting them for the UNet is left to the caller (`VaeConfig`).
 * Attention in the middle has a single head. Checkpoints from before diffusers 0.13 name its layers query, key,
 * value and proj_attn: read as well.
 */
import { add, clip, silu, split } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import { attention } from "./attention.ts"
import { linear, type ModelScope, pointwiseConv } from "./lora-branch.ts"
import { groupNorm } from "./normalisation.ts"
import { downsample, pictureConv, resnet, upsample } from "./resnet.ts"
import { pictureShape, toPicture, toRows } from "./token-rows.ts"
import type { VaeConfig } from "./vae-config.ts"

/** diffusers fixes it for every norm of a VAE. */
const epsilon = 1e-6
/** diffusers' DiagonalGaussianDistribution clamps the log-variance. */
const [lowestLogVariance, highestLogVariance] = [-30, 20]

export interface LatentDistribution {
  /** [batch, latent_channels, height / factor, width / factor] */
  readonly mean: Tensor
  readonly logVariance: Tensor
}

/** image [batch, 3, height, width] in −1..1 */
export const vaeEncode = (scope: ModelScope, config: VaeConfig, image: Tensor): LatentDistribution => {
  const widths = config.block_out_channels
  let x = pictureConv(scope, "encoder.conv_in", image, widths[0]!)
  for (const [level, width] of widths.entries()) {
    const path = `encoder.down_blocks.${level}`
    x = resnets(scope, config, path, x, config.layers_per_block, width)
    if (level < widths.length - 1) x = downsample(scope, `${path}.downsamplers.0.conv`, x, 0)
  }
  const both = 2 * config.latent_channels
  const features = outOf(scope, config, "encoder", middle(scope, config, "encoder.mid_block", x), both)
  const moments = config.use_quant_conv ? pointwiseConv(scope, "quant_conv", features, both, both) : features
  const [mean, logVariance] = split(moments, [config.latent_channels, config.latent_channels], 1)
  return { mean: mean!, logVariance: clip(logVariance!, lowestLogVariance, highestLogVariance) }
}

/** → [batch, 3, height · factor, width · factor], about −1..1 and not clamped */
export const vaeDecode = (scope: ModelScope, config: VaeConfig, latents: Tensor): Tensor => {
  const widths = [...config.block_out_channels].reverse()
  const channels = config.latent_channels
  const z = config.use_post_quant_conv ? pointwiseConv(scope, "post_quant_conv", latents, channels, channels) : latents
  let x = middle(scope, config, "decoder.mid_block", pictureConv(scope, "decoder.conv_in", z, widths[0]!))
  for (const [level, width] of widths.entries()) {
    const path = `decoder.up_blocks.${level}`
    x = resnets(scope, config, path, x, config.layers_per_block + 1, width)
    if (level < widths.length - 1) x = upsample(scope, `${path}.upsamplers.0.conv`, x)
  }
  return outOf(scope, config, "decoder", x, config.out_channels)
}

const resnetOf = (scope: ModelScope, config: VaeConfig, path: string, x: Tensor, outChannels: number): Tensor =>
  resnet(scope, { path, inChannels: x.shape[1]!, outChannels }, x, { groups: config.norm_num_groups, epsilon })

const resnets = (
  scope: ModelScope,
  config: VaeConfig,
  path: string,
  x: Tensor,
  count: number,
  outChannels: number,
): Tensor => {
  let through = x
  for (let index = 0; index < count; index++) {
    through = resnetOf(scope, config, `${path}.resnets.${index}`, through, outChannels)
  }
  return through
}

const middle = (scope: ModelScope, config: VaeConfig, path: string, x: Tensor): Tensor => {
  const channels = x.shape[1]!
  const first = resnetOf(scope, config, `${path}.resnets.0`, x, channels)
  const attended = config.mid_block_add_attention
    ? pictureAttention(scope, config, `${path}.attentions.0`, first)
    : first
  return resnetOf(scope, config, `${path}.resnets.1`, attended, channels)
}

const oldNames: Readonly<Record<string, string>> = {
  to_q: "query",
  to_k: "key",
  to_v: "value",
  "to_out.0": "proj_attn",
}

/** Every picture element attends to every other one. */
const pictureAttention = (scope: ModelScope, config: VaeConfig, path: string, x: Tensor): Tensor => {
  const shape = pictureShape(x)
  const [batch, channels] = shape
  const project = (name: string, rows: Tensor): Tensor => {
    const old = `${path}.${oldNames[name]}`
    const stored = scope.weights.has(`${old}.weight`) ? old : `${path}.${name}`
    return linear(scope, stored, rows, channels, channels)
  }
  const rows = toRows(groupNorm(scope, `${path}.group_norm`, x, { groups: config.norm_num_groups, epsilon }))
  const [query, key, value] = [project("to_q", rows), project("to_k", rows), project("to_v", rows)]
  const mixed = project("to_out.0", attention({ query, key, value, batch, heads: 1 }))
  return add(toPicture(mixed, shape), x)
}

const outOf = (scope: ModelScope, config: VaeConfig, path: string, x: Tensor, channels: number): Tensor => {
  const normal = groupNorm(scope, `${path}.conv_norm_out`, x, { groups: config.norm_num_groups, epsilon })
  return pictureConv(scope, `${path}.conv_out`, silu(normal), channels)
}
