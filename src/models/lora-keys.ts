/**
 * From a module's path in a network to its key in a LoRA file, as kohya's trainer spells it.
 *
 * A family's UNet goes by diffusers' block names, or by those of the original code (down_blocks.1.attentions.0 is input_blocks.4.1
 * there): kohya's SDXL network is built after that. Every program reads these; sources: sd-scripts networks/lora.py and
 * library/sdxl_original_unet.py.
 */
import { type FamilyTextEncoder, familyOf, familyRecord } from "../settings/family.ts"
import type { UnetConfig } from "./unet-config.ts"

/** "down_blocks.0.attentions.0.proj_in" → "lora_unet_down_blocks_0_attentions_0_proj_in" */
export const loraKey = (path: string): string => `lora_unet_${path.replaceAll(".", "_")}`

/** The names that this UNet's modules have in a LoRA file. */
export const unetLoraKey = (config: UnetConfig): ((path: string) => string) =>
  familyRecord(familyOf(config)).unetBlockNames === "original" ? (path) => loraKey(originalPath(config, path)) : loraKey

/** "text_model.encoder.layers.0.mlp.fc1" → "lora_te_text_model_encoder_layers_0_mlp_fc1" */
export const textLoraKey = ({ loraPrefix }: Pick<FamilyTextEncoder, "loraPrefix">, path: string): string =>
  `${loraPrefix}_${path.replaceAll(".", "_")}`

/** The original code counts blocks through all levels; a resampling between levels is a block too. */
const originalPath = (config: UnetConfig, path: string): string => {
  const [, way, level, layer, rest] = /^(down|up)_blocks\.(\d+)\.attentions\.(\d+)\.(.+)$/.exec(path) ?? []
  if (way === undefined) return path.replace("mid_block.attentions.0.", "middle_block.1.")
  const layersOf = (of: number) =>
    typeof config.layers_per_block === "number" ? config.layers_per_block : config.layers_per_block[of]!
  const levels = config.block_out_channels.length
  const before = Array.from({ length: Number(level) }, (_, at) => layersOf(way === "down" ? at : levels - 1 - at) + 1)
  const index = before.reduce((sum, count) => sum + count, Number(layer))
  return way === "down" ? `input_blocks.${index + 1}.1.${rest}` : `output_blocks.${index}.1.${rest}`
}
