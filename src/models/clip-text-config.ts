/**
 * The config.json of a CLIP text encoder: every field that changes the graph, spelled and defaulted as in transformers
 * (transformers 5.24, models/clip/configuration_clip.py).
 *
 * `eos_token_id` is left out on purpose: many published configs say 2, which is wrong. Where a prompt ends is known
 * to the tokenizer, and is fed.
 */
import { Schema } from "effect"
import { withFileDefault } from "../settings/field-defaults.ts"
import { configDecoder, PositiveInt, PositiveNumber } from "./unsupported-config.ts"

export const ClipTextConfig = Schema.Struct({
  vocab_size: withFileDefault(PositiveInt, 49408),
  hidden_size: withFileDefault(PositiveInt, 512),
  intermediate_size: withFileDefault(PositiveInt, 2048),
  /** Width of the pooled vector; used only where a `text_projection` exists. */
  projection_dim: withFileDefault(PositiveInt, 512),
  num_hidden_layers: withFileDefault(PositiveInt, 12),
  num_attention_heads: withFileDefault(PositiveInt, 8),
  max_position_embeddings: withFileDefault(PositiveInt, 77),
  hidden_act: withFileDefault(Schema.Literals(["quick_gelu", "gelu"]), "quick_gelu"),
  layer_norm_eps: withFileDefault(PositiveNumber, 1e-5),
})
export type ClipTextConfig = typeof ClipTextConfig.Type

/** Reads a parsed config.json. */
export const decodeClipTextConfig = configDecoder({
  model: "text encoder",
  schema: ClipTextConfig,
  onlyAs: { model_type: ["clip_text_model"] },
  inconsistency: ({ hidden_size, num_attention_heads }) =>
    hidden_size % num_attention_heads === 0
      ? undefined
      : {
          field: "num_attention_heads",
          value: num_attention_heads,
          supported: `a divisor of hidden_size ${hidden_size}`,
        },
})
