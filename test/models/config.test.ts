/** Reading config.json: defaults of diffusers and transformers, and what is refused, in words. */
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { input } from "../../src/graph/build.ts"
import { clipText } from "../../src/models/clip-text.ts"
import { decodeClipTextConfig } from "../../src/models/clip-text-config.ts"
import { unet } from "../../src/models/unet.ts"
import { decodeUnetConfig } from "../../src/models/unet-config.ts"
import { UnsupportedConfig } from "../../src/models/unsupported-config.ts"
import { decodeVaeConfig } from "../../src/models/vae-config.ts"
import { published, recordedWeights } from "./rig/published.ts"

const refusal = (decode: (json: unknown) => Effect.Effect<unknown, UnsupportedConfig>, json: unknown) => {
  const result = Effect.runSync(Effect.result(decode(json)))
  return Result.isFailure(result) ? result.failure : undefined
}

const sd15 = published.sd15.unet as object
const noAdapters = new Map()

describe("a UNet config", () => {
  it("that says nothing is that of diffusers' defaults", () => {
    const config = Effect.runSync(decodeUnetConfig({}))
    expect(config.block_out_channels).toEqual([320, 640, 1280, 1280])
    expect(config.cross_attention_dim).toBe(1280)
    expect(config.norm_eps).toBe(1e-5)
  })

  it.each([
    [{ class_embed_type: "timestep" }, "class_embed_type", '"timestep"', "null"],
    [{ num_class_embeds: 1000 }, "num_class_embeds", "1000", "null"],
    [{ act_fn: "mish" }, "act_fn", '"mish"', '"silu" or "swish"'],
    [
      { only_cross_attention: [true, true, true, false] },
      "only_cross_attention",
      "[true,true,true,false]",
      "false or null",
    ],
    [{ resnet_time_scale_shift: "scale_shift" }, "resnet_time_scale_shift", '"scale_shift"', '"default"'],
    [{ encoder_hid_dim_type: "image_proj" }, "encoder_hid_dim_type", '"image_proj"', "null"],
    [{ time_cond_proj_dim: 256 }, "time_cond_proj_dim", "256", "null"],
    [{ norm_num_groups: 48 }, "norm_num_groups", "48", "a divisor of the width 320"],
    [{ block_out_channels: [320, 640] }, "down_block_types", /CrossAttn/, "a list of 2, as long as block_out_channels"],
    [{ attention_head_dim: [5, 10] }, "attention_head_dim", "[5,10]", "a list of 4, as long as block_out_channels"],
    [{ addition_embed_type: "text" }, "addition_embed_type", '"text"', /"text_time"/],
    [{ addition_embed_type: "text_time" }, "addition_time_embed_dim", "null", /a width/],
    [{ mid_block_type: "UNetMidBlock2DSimpleCrossAttn" }, "mid_block_type", /Simple/, /"UNetMidBlock2DCrossAttn"/],
    [
      { down_block_types: ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"] },
      "down_block_types[1]",
      '"AttnDownBlock2D"',
      /"CrossAttnDownBlock2D" \| "DownBlock2D"/,
    ],
    [{ transformer_layers_per_block: [1, 1, [1, 2], 1] }, "reverse_transformer_layers_per_block", "null", /a list/],
    [
      { transformer_layers_per_block: [1, 1, [1], 1], reverse_transformer_layers_per_block: [1, 1, 1, 1] },
      "transformer_layers_per_block[2]",
      "[1]",
      "a number or a list of 2",
    ],
    [{ conv_in_kernel: 4 }, "conv_in_kernel", "4", "an odd number"],
    [{ layers_per_block: 0 }, "layers_per_block", "0", "a value greater than 0"],
  ])("with %j is refused by that field", (change, field, value, supported) => {
    const error = refusal(decodeUnetConfig, { ...sd15, ...change })
    expect(error).toBeInstanceOf(UnsupportedConfig)
    expect(error?.field).toBe(field)
    expect(error?.value).toMatch(value)
    expect(error?.supported).toMatch(supported)
  })

  it("that is no object is refused as a whole", () => {
    expect(refusal(decodeUnetConfig, [])?.field).toBe("the whole file")
  })

  it("with added conditioning cannot be built without it", () => {
    const config = Effect.runSync(decodeUnetConfig(published.sdxl.unet))
    const feeds = {
      sample: input("sample", [1, 4, 8, 8]),
      timeFeatures: input("time", [1, 320]),
      text: { states: input("states", [1, 77, 2048]), pooled: null },
    }
    const build = () => unet({ weights: recordedWeights().weights, adapters: noAdapters }, config, feeds)
    expect(build).toThrow(/addition_embed_type/)
  })
})

describe("a text encoder config", () => {
  it.each([
    [{ hidden_act: "gelu_new" }, "hidden_act", /"quick_gelu" \| "gelu"/],
    [{ hidden_size: 100, num_attention_heads: 12 }, "num_attention_heads", "a divisor of hidden_size 100"],
    [{ model_type: "t5" }, "model_type", '"clip_text_model"'],
  ])("with %j is refused by that field", (change, field, supported) => {
    const error = refusal(decodeClipTextConfig, change)
    expect(error?.field).toBe(field)
    expect(error?.supported).toMatch(supported)
  })

  it("with fewer layers than the CLIP skip skips cannot be built", () => {
    const config = Effect.runSync(decodeClipTextConfig({ ...(published.sd15.text as object), num_hidden_layers: 3 }))
    const feeds = { tokenIds: input("ids", [1, 77], "int64"), skip: 4 }
    const build = () => clipText({ weights: recordedWeights().weights, adapters: noAdapters }, config, feeds)
    expect(build).toThrow(/num_hidden_layers = 3 .* at least 4 for CLIP skip 4/)
  })
})

describe("a VAE config", () => {
  it.each([
    [{ up_block_types: ["AttnUpDecoderBlock2D"] }, "up_block_types[0]", /"UpDecoderBlock2D"/],
    [{ block_out_channels: [64, 128] }, "down_block_types", "a list of 2, as long as block_out_channels"],
    [{ latents_mean: [0, 0, 0, 0] }, "latents_mean", "null"],
    [{ scaling_factor: "0.18215" }, "scaling_factor", /number/],
  ])("with %j is refused by that field", (change, field, supported) => {
    const error = refusal(decodeVaeConfig, change)
    expect(error?.field).toBe(field)
    expect(error?.supported).toMatch(supported)
  })

  it("a refusal says what, where, and what to do", () => {
    const error = refusal(decodeVaeConfig, { act_fn: "relu" })
    expect(error?.message).toBe('vae config: act_fn = "relu" is not supported; supported: "silu" or "swish"')
    expect(error?.hint).toBe('Use a model whose vae config has act_fn set to "silu" or "swish"')
  })
})
