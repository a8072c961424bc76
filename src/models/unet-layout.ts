/**
 * What a UNet consists of, as plain data: which block has which modules, how wide, how deep, under which path.
 *
 * The one idea: the config's many spellings (one number or a list, reversed on the way up, a last level without
 * resampling) are resolved here once. The graph builder and the list of adapter targets both walk this layout, in the
 * order in which the network is run, so they cannot disagree.
 */
import type { UnetConfig } from "./unet-config.ts"

export interface ResnetLayout {
  readonly path: string
  readonly inChannels: number
  readonly outChannels: number
}

export interface TransformerLayout {
  readonly path: string
  readonly channels: number
  readonly heads: number
  /** Width of the attention: heads · ⌊channels / heads⌋, which is less than `channels` when heads do not divide it. */
  readonly innerWidth: number
  /** Number of transformer blocks. */
  readonly depth: number
  /** Width of the text states. */
  readonly contextWidth: number
}

export interface LayerLayout {
  readonly resnet: ResnetLayout
  readonly transformer: TransformerLayout | null
}

export interface LevelLayout {
  readonly layers: readonly LayerLayout[]
  /** Convolution after the layers that halves, or follows doubling; null on the last level. */
  readonly resample: { readonly path: string; readonly channels: number } | null
}

export interface UnetLayout {
  readonly timeWidth: number
  readonly down: readonly LevelLayout[]
  readonly middle: readonly LayerLayout[]
  readonly up: readonly LevelLayout[]
}

const perLevel = <A>(value: A | readonly A[], level: number): A =>
  Array.isArray(value) ? (value as readonly A[])[level]! : (value as A)

type Depths = UnetConfig["transformer_layers_per_block"]

const depthAt = (depths: Depths, level: number, layer: number): number =>
  perLevel<number>(perLevel<number | readonly number[]>(depths, level), layer)

const transformerAt = (config: UnetConfig, path: string, level: number, depth: number): TransformerLayout => {
  const channels = config.block_out_channels[level]!
  const heads = perLevel(config.num_attention_heads ?? config.attention_head_dim, level)
  return {
    path,
    channels,
    heads,
    innerWidth: heads * Math.floor(channels / heads),
    depth,
    contextWidth: perLevel(config.cross_attention_dim, level),
  }
}

const downLevel = (config: UnetConfig, level: number): LevelLayout => {
  const path = `down_blocks.${level}`
  const channels = config.block_out_channels[level]!
  const before = config.block_out_channels[Math.max(level - 1, 0)]!
  const attends = config.down_block_types[level] === "CrossAttnDownBlock2D"
  const layers = Array.from({ length: perLevel(config.layers_per_block, level) }, (_, layer): LayerLayout => {
    const depth = depthAt(config.transformer_layers_per_block, level, layer)
    return {
      resnet: {
        path: `${path}.resnets.${layer}`,
        inChannels: layer === 0 ? before : channels,
        outChannels: channels,
      },
      transformer: attends ? transformerAt(config, `${path}.attentions.${layer}`, level, depth) : null,
    }
  })
  const last = level === config.block_out_channels.length - 1
  return { layers, resample: last ? null : { path: `${path}.downsamplers.0.conv`, channels } }
}

const middleLayers = (config: UnetConfig): readonly LayerLayout[] => {
  const level = config.block_out_channels.length - 1
  const channels = config.block_out_channels[level]!
  const resnet = (index: number): ResnetLayout => ({
    path: `mid_block.resnets.${index}`,
    inChannels: channels,
    outChannels: channels,
  })
  if (config.mid_block_type === null) return []
  if (config.mid_block_type === "UNetMidBlock2D") return [{ resnet: resnet(0), transformer: null }]
  const depth = depthAt(config.transformer_layers_per_block, level, 0)
  return [
    { resnet: resnet(0), transformer: transformerAt(config, "mid_block.attentions.0", level, depth) },
    { resnet: resnet(1), transformer: null },
  ]
}

/** Depths on the way up, first level first. Unless given by themselves they mirror the way down. */
const upDepths = (config: UnetConfig, step: number, layer: number): number =>
  config.reverse_transformer_layers_per_block === null
    ? depthAt(config.transformer_layers_per_block, config.block_out_channels.length - 1 - step, layer)
    : depthAt(config.reverse_transformer_layers_per_block, step, layer)

/** Level `step` of the way up stands opposite level `levels − 1 − step` of the way down. */
const upLevel = (config: UnetConfig, step: number): LevelLayout => {
  const widths = config.block_out_channels
  const level = widths.length - 1 - step
  const path = `up_blocks.${step}`
  const channels = widths[level]!
  const below = widths[Math.min(level + 1, widths.length - 1)]!
  const skipOfLast = widths[Math.max(level - 1, 0)]!
  const attends = config.up_block_types[step] === "CrossAttnUpBlock2D"
  // One layer more than on the way down: the level's first skip is the output of what came before it.
  const count = perLevel(config.layers_per_block, level) + 1
  const layers = Array.from({ length: count }, (_, layer): LayerLayout => {
    const skip = layer === count - 1 ? skipOfLast : channels
    return {
      resnet: {
        path: `${path}.resnets.${layer}`,
        inChannels: (layer === 0 ? below : channels) + skip,
        outChannels: channels,
      },
      transformer: attends
        ? transformerAt(config, `${path}.attentions.${layer}`, level, upDepths(config, step, layer))
        : null,
    }
  })
  return { layers, resample: level === 0 ? null : { path: `${path}.upsamplers.0.conv`, channels } }
}

export const unetLayout = (config: UnetConfig): UnetLayout => {
  const levels = [...config.block_out_channels.keys()]
  return {
    timeWidth: config.time_embedding_dim ?? 4 * config.block_out_channels[0]!,
    down: levels.map((level) => downLevel(config, level)),
    middle: middleLayers(config),
    up: levels.map((step) => upLevel(config, step)),
  }
}
