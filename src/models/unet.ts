/**
 * UNet2DConditionModel: predicts the noise (or velocity) in a latent picture at a time, given text states.
 *
 * The one idea: one description for all families; `unetLayout` says what there is, this file runs it.
 * Left out: the sinusoids of the timestep. They are a feed (`timeFeatures`), because they must be rounded as diffusers
 * rounds them, which is a matter of plain numbers and not of the graph.
 */
import { add, concat, reshape, silu } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { TextCondition } from "../settings/text-condition.ts"
import { linear, type ModelScope } from "./lora-branch.ts"
import { groupNorm } from "./normalisation.ts"
import { pictureConv } from "./resnet.ts"
import { downLevel, middle, type UnetConditions, upLevel } from "./unet-blocks.ts"
import type { UnetConfig } from "./unet-config.ts"
import { unetLayout } from "./unet-layout.ts"
import { UnsupportedConfig } from "./unsupported-config.ts"

export interface UnetFeeds {
  /** Noisy latents [batch, in_channels, height, width]; any size. */
  readonly sample: Tensor
  /** Sinusoids of the timestep [batch, block_out_channels[0]]. */
  readonly timeFeatures: Tensor
  /** States [batch, tokens, cross_attention_dim], and where the UNet takes one a pooled vector [batch, width]. */
  readonly text: TextCondition<Tensor>
  /** With a pooled vector: the sinusoids of the picture's numbers in a row [batch, numbers · addition_time_embed_dim]. */
  readonly timeIdFeatures?: Tensor
}

/** → [batch, out_channels, height, width] */
export const unet = (scope: ModelScope, config: UnetConfig, feeds: UnetFeeds): Tensor => {
  const layout = unetLayout(config)
  const norm = { groups: config.norm_num_groups, epsilon: config.norm_eps }
  const activatedTime = silu(timeEmbedding(scope, config, layout.timeWidth, feeds))
  const conditions: UnetConditions = { resnet: { ...norm, activatedTime }, context: contextRows(feeds) }
  const inTheMiddle = { ...conditions, resnet: { ...conditions.resnet, outputScale: config.mid_block_scale_factor } }

  const firstWidth = config.block_out_channels[0]!
  const skips = [pictureConv(scope, "conv_in", feeds.sample, firstWidth, { kernel: config.conv_in_kernel })]
  for (const level of layout.down) {
    skips.push(...downLevel(scope, level, skips.at(-1)!, conditions, config.downsample_padding))
  }
  let x = middle(scope, layout.middle, skips.at(-1)!, inTheMiddle)
  for (const level of layout.up) {
    x = upLevel(scope, level, x, skips, conditions)
    skips.splice(-level.layers.length)
  }
  const normal = silu(groupNorm(scope, "conv_norm_out", x, norm))
  return pictureConv(scope, "conv_out", normal, config.out_channels, { kernel: config.conv_out_kernel })
}

const contextRows = ({ text: { states } }: UnetFeeds): Tensor => {
  const [batch, tokens, width] = states.shape as readonly [number, number, number]
  return reshape(states, [batch * tokens, width])
}

/** [batch, width]; what is told beside the states is one more embedding of the same kind. */
const timeEmbedding = (scope: ModelScope, config: UnetConfig, width: number, feeds: UnetFeeds): Tensor => {
  const time = twoLayers(scope, "time_embedding", feeds.timeFeatures, config.block_out_channels[0]!, width)
  if (config.addition_embed_type === null) return time
  const { text, timeIdFeatures } = feeds
  if (text.pooled === null || timeIdFeatures === undefined) {
    throw new UnsupportedConfig({
      model: "unet",
      field: "addition_embed_type",
      value: '"text_time"',
      supported: "null where no pooled text vector and no picture sizes are fed",
    })
  }
  const added = concat([text.pooled, timeIdFeatures], 1)
  const addedWidth = config.projection_class_embeddings_input_dim ?? added.shape[1]!
  return add(time, twoLayers(scope, "add_embedding", added, addedWidth, width))
}

const twoLayers = (scope: ModelScope, path: string, x: Tensor, inWidth: number, width: number): Tensor =>
  linear(scope, `${path}.linear_2`, silu(linear(scope, `${path}.linear_1`, x, inWidth, width)), width, width)
