/**
 * The config.json of an AutoencoderKL: every field that changes the graph or the latents, spelled and defaulted as in
 * diffusers (diffusers 0.42, models/autoencoders/autoencoder_kl.py).
 */
import { Schema } from "effect"
import { withFileDefault } from "../settings/field-defaults.ts"
import { type Complaint, configDecoder, indivisibleWidth, PositiveInt, PositiveNumber } from "./unsupported-config.ts"

export const VaeConfig = Schema.Struct({
  in_channels: withFileDefault(PositiveInt, 3),
  out_channels: withFileDefault(PositiveInt, 3),
  down_block_types: withFileDefault(Schema.Array(Schema.Literals(["DownEncoderBlock2D"])), ["DownEncoderBlock2D"]),
  up_block_types: withFileDefault(Schema.Array(Schema.Literals(["UpDecoderBlock2D"])), ["UpDecoderBlock2D"]),
  block_out_channels: withFileDefault(Schema.Array(PositiveInt), [64]),
  layers_per_block: withFileDefault(PositiveInt, 1),
  latent_channels: withFileDefault(PositiveInt, 4),
  norm_num_groups: withFileDefault(PositiveInt, 32),
  use_quant_conv: withFileDefault(Schema.Boolean, true),
  use_post_quant_conv: withFileDefault(Schema.Boolean, true),
  mid_block_add_attention: withFileDefault(Schema.Boolean, true),
  /** Latents are trained on as (z − shift_factor) · scaling_factor. */
  scaling_factor: withFileDefault(PositiveNumber, 0.18215),
  shift_factor: withFileDefault(Schema.NullOr(Schema.Finite), null),
})
export type VaeConfig = typeof VaeConfig.Type

/** How many picture elements one latent element stands for, along one side: each level but the last halves. */
export const vaeFactor = (config: VaeConfig): number => 2 ** (config.block_out_channels.length - 1)

const wrongLength = (config: VaeConfig): Complaint | undefined => {
  const levels = config.block_out_channels.length
  for (const field of ["down_block_types", "up_block_types"] as const) {
    if (config[field].length !== levels) {
      return { field, value: config[field], supported: `a list of ${levels}, as long as block_out_channels` }
    }
  }
  return undefined
}

/** Reads a parsed config.json. */
export const decodeVaeConfig = configDecoder({
  model: "vae",
  schema: VaeConfig,
  onlyAs: { act_fn: ["silu", "swish"], latents_mean: [null], latents_std: [null] },
  inconsistency: (config) =>
    wrongLength(config) ?? indivisibleWidth("norm_num_groups", config.norm_num_groups, config.block_out_channels),
})
