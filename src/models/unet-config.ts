/**
 * The config.json of a UNet2DConditionModel: every field that changes the graph, spelled and defaulted as in diffusers
 * (diffusers 0.42, models/unets/unet_2d_condition.py). Families differ in nothing but these values.
 *
 * Trap: the number called `attention_head_dim` is the number of heads, a naming accident that diffusers keeps for the
 * sake of published configs (its issue 2011). Only `num_attention_heads` overrides it.
 */
import { Schema } from "effect"
import { familyOf, familyRecord } from "../settings/family.ts"
import { withFileDefault } from "../settings/field-defaults.ts"
import type { ConditionShape } from "../settings/text-condition.ts"
import { type Complaint, configDecoder, indivisibleWidth, PositiveInt, PositiveNumber } from "./unsupported-config.ts"

/** One value for all levels, or one per level. */
const PerLevel = Schema.Union([PositiveInt, Schema.Array(PositiveInt)])
/** Transformer blocks: for all levels, per level, or per level and layer. */
const Depth = Schema.Union([PositiveInt, Schema.Array(Schema.Union([PositiveInt, Schema.Array(PositiveInt)]))])

const DownBlock = Schema.Literals(["CrossAttnDownBlock2D", "DownBlock2D"])
const UpBlock = Schema.Literals(["CrossAttnUpBlock2D", "UpBlock2D"])
const MiddleBlock = Schema.NullOr(Schema.Literals(["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"]))

export const UnetConfig = Schema.Struct({
  in_channels: withFileDefault(PositiveInt, 4),
  out_channels: withFileDefault(PositiveInt, 4),
  down_block_types: withFileDefault(Schema.Array(DownBlock), [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ]),
  mid_block_type: withFileDefault(MiddleBlock, "UNetMidBlock2DCrossAttn"),
  up_block_types: withFileDefault(Schema.Array(UpBlock), [
    "UpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
  ]),
  block_out_channels: withFileDefault(Schema.Array(PositiveInt), [320, 640, 1280, 1280]),
  layers_per_block: withFileDefault(PerLevel, 2),
  downsample_padding: withFileDefault(Schema.Literals([0, 1]), 1),
  mid_block_scale_factor: withFileDefault(PositiveNumber, 1),
  norm_num_groups: withFileDefault(PositiveInt, 32),
  norm_eps: withFileDefault(PositiveNumber, 1e-5),
  cross_attention_dim: withFileDefault(PerLevel, 1280),
  transformer_layers_per_block: withFileDefault(Depth, 1),
  reverse_transformer_layers_per_block: withFileDefault(Schema.NullOr(Depth), null),
  attention_head_dim: withFileDefault(PerLevel, 8),
  num_attention_heads: withFileDefault(Schema.NullOr(PerLevel), null),
  use_linear_projection: withFileDefault(Schema.Boolean, false),
  time_embedding_dim: withFileDefault(Schema.NullOr(PositiveInt), null),
  conv_in_kernel: withFileDefault(PositiveInt, 3),
  conv_out_kernel: withFileDefault(PositiveInt, 3),
  addition_embed_type: withFileDefault(Schema.NullOr(Schema.Literals(["text_time"])), null),
  addition_time_embed_dim: withFileDefault(Schema.NullOr(PositiveInt), null),
  projection_class_embeddings_input_dim: withFileDefault(Schema.NullOr(PositiveInt), null),
  /** These two shape the sinusoids that are fed as time features. */
  flip_sin_to_cos: withFileDefault(Schema.Boolean, true),
  freq_shift: withFileDefault(Schema.Finite, 0),
})
export type UnetConfig = typeof UnetConfig.Type

/** How many numbers this UNet is told of a picture; 0: none. */
export const timeIdCount = (config: UnetConfig): number => familyRecord(familyOf(config)).timeIds.length

/** Width of the features that those numbers become, all in a row. */
export const timeIdFeatureWidth = (config: UnetConfig): number =>
  timeIdCount(config) * (config.addition_time_embed_dim ?? 0)

/** What this UNet takes as the condition of a text of so many tokens. */
export const conditionShape = (config: UnetConfig, tokens: number): ConditionShape => {
  const { cross_attention_dim, addition_embed_type, projection_class_embeddings_input_dim } = config
  const [width = 0] = [cross_attention_dim].flat()
  const pooledWidth = (projection_class_embeddings_input_dim ?? 0) - timeIdFeatureWidth(config)
  return { states: [tokens, width], pooled: addition_embed_type === null ? null : [pooledWidth] }
}

const perLevelFields = [
  "layers_per_block",
  "cross_attention_dim",
  "transformer_layers_per_block",
  "reverse_transformer_layers_per_block",
  "attention_head_dim",
  "num_attention_heads",
] as const

const wrongLength = (config: UnetConfig): Complaint | undefined => {
  const levels = config.block_out_channels.length
  for (const field of ["down_block_types", "up_block_types", ...perLevelFields] as const) {
    const value = config[field]
    if (Array.isArray(value) && value.length !== levels) {
      return { field, value, supported: `a list of ${levels}, as long as block_out_channels` }
    }
  }
  return undefined
}

/** Lists per layer name every layer; the way up has one layer more, and mirrors the way down only level by level. */
const unevenDepths = (config: UnetConfig): Complaint | undefined => {
  const {
    layers_per_block: layers,
    transformer_layers_per_block: down,
    reverse_transformer_layers_per_block: up,
  } = config
  const perLayer = (depths: typeof down | null): boolean => Array.isArray(depths) && depths.some(Array.isArray)
  if (perLayer(down) && up === null) {
    const field = "reverse_transformer_layers_per_block"
    return { field, value: null, supported: "a list, because transformer_layers_per_block has lists per layer" }
  }
  const levels = config.block_out_channels.length
  const layersAt = (level: number): number => (typeof layers === "number" ? layers : layers[level]!)
  const ways = [
    { field: "transformer_layers_per_block", depths: down, wanted: layersAt },
    { field: "reverse_transformer_layers_per_block", depths: up, wanted: (i: number) => layersAt(levels - 1 - i) + 1 },
  ]
  for (const { field, depths, wanted } of ways) {
    for (const [index, value] of (Array.isArray(depths) ? depths : []).entries()) {
      if (Array.isArray(value) && value.length !== wanted(index)) {
        return { field: `${field}[${index}]`, value, supported: `a number or a list of ${wanted(index)}` }
      }
    }
  }
  return undefined
}

const evenKernel = (config: UnetConfig): Complaint | undefined => {
  for (const field of ["conv_in_kernel", "conv_out_kernel"] as const) {
    if (config[field] % 2 === 0) return { field, value: config[field], supported: "an odd number" }
  }
  return undefined
}

const incompleteTextTime = (config: UnetConfig): Complaint | undefined => {
  if (config.addition_embed_type === null) return undefined
  for (const field of ["addition_time_embed_dim", "projection_class_embeddings_input_dim"] as const) {
    if (config[field] === null) {
      return { field, value: null, supported: "a width, because addition_embed_type is text_time" }
    }
  }
  return undefined
}

/** Reads a parsed config.json. */
export const decodeUnetConfig = configDecoder({
  model: "unet",
  schema: UnetConfig,
  onlyAs: {
    act_fn: ["silu", "swish"],
    attention_type: ["default"],
    center_input_sample: [false, null],
    class_embed_type: [null],
    class_embeddings_concat: [false, null],
    dual_cross_attention: [false, null],
    encoder_hid_dim: [null],
    encoder_hid_dim_type: [null],
    num_class_embeds: [null],
    only_cross_attention: [false, null],
    resnet_time_scale_shift: ["default"],
    time_cond_proj_dim: [null],
    time_embedding_act_fn: [null],
    time_embedding_type: ["positional"],
    timestep_post_act: [null],
  },
  inconsistency: (config) =>
    wrongLength(config) ??
    unevenDepths(config) ??
    evenKernel(config) ??
    incompleteTextTime(config) ??
    indivisibleWidth("norm_num_groups", config.norm_num_groups, config.block_out_channels),
})
