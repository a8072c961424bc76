/** Names of modules in LoRA files: diffusers' blocks for SD1 and SD2, the original code's for SDXL. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { unetAdapterTargets } from "../../src/models/adapter-targets.ts"
import { textLoraKey, unetLoraKey } from "../../src/models/lora-keys.ts"
import { decodeUnetConfig } from "../../src/models/unet-config.ts"
import { families } from "../../src/settings/family.ts"

const published = JSON.parse(readFileSync(new URL("../golden/models/published.json", import.meta.url), "utf8"))
const configOf = (family: string) => Effect.runSync(decodeUnetConfig(published[family].unet))

/** Attention blocks of SDXL in the original code (sgm), as they lie in published checkpoints, with their depths. */
const originalBlocks: Readonly<Record<string, number>> = {
  input_blocks_4_1: 2,
  input_blocks_5_1: 2,
  input_blocks_7_1: 10,
  input_blocks_8_1: 10,
  middle_block_1: 10,
  output_blocks_0_1: 10,
  output_blocks_1_1: 10,
  output_blocks_2_1: 10,
  output_blocks_3_1: 2,
  output_blocks_4_1: 2,
  output_blocks_5_1: 2,
}

describe("the key of a module", () => {
  it("of SDXL's UNet has the blocks of the original code, each as deep as there", () => {
    const keyOf = unetLoraKey(configOf("sdxl"))
    const blocks: Record<string, number> = {}
    for (const { path } of unetAdapterTargets(configOf("sdxl"))) {
      const [, block = path, rest = ""] = /^lora_unet_(\w+?_1)_((?:transformer|proj).*)$/.exec(keyOf(path)) ?? []
      const depth = Number(/transformer_blocks_(\d+)_/.exec(rest)?.[1] ?? -1) + 1
      blocks[block] = Math.max(blocks[block] ?? 0, depth)
    }
    expect(blocks).toEqual(originalBlocks)
  })

  it.each(["sd15", "sd21"])("of the UNet of %s keeps the blocks of diffusers", (family) => {
    const [first] = unetAdapterTargets(configOf(family))
    expect(unetLoraKey(configOf(family))(first!.path)).toBe("lora_unet_down_blocks_0_attentions_0_proj_in")
  })

  it("of a text encoder says which one, where there are two", () => {
    const path = "text_model.encoder.layers.0.mlp.fc1"
    expect(textLoraKey(families.sd1.textEncoders[0], path)).toBe("lora_te_text_model_encoder_layers_0_mlp_fc1")
    expect(textLoraKey(families.sdxl.textEncoders[0], path)).toBe("lora_te1_text_model_encoder_layers_0_mlp_fc1")
    expect(textLoraKey(families.sdxl.textEncoders[1]!, path)).toBe("lora_te2_text_model_encoder_layers_0_mlp_fc1")
  })
})
