/**
 * Which modules of a UNet or a text encoder get an adapter.
 *
 * kohya's rule (sd-scripts networks/lora.py). Text encoder: q, k, v, out, fc1 and fc2 of every layer that runs. UNet: every linear layer and 1×1 convolution inside a Transformer2DModel,
 * twelve for a transformer of depth one: 192 in SD1 and SD2, 722 in SDXL. Listed in the order in which the network uses
 * them, which is also the order in which their gradients must leave the graph (first layer first).
 */
import type { ClipTextConfig } from "./clip-text-config.ts"
import type { UnetConfig } from "./unet-config.ts"
import { type LayerLayout, type TransformerLayout, unetLayout } from "./unet-layout.ts"

export interface AdapterTarget {
  /** Module path, "down_blocks.0.attentions.0.proj_in". */
  readonly path: string
  /** How the layer is stored, which decides the shape of the adapter in a LoRA file. */
  readonly kind: "linear" | "conv1x1"
  readonly inFeatures: number
  readonly outFeatures: number
}

export const unetAdapterTargets = (config: UnetConfig): readonly AdapterTarget[] => {
  const { down, middle, up } = unetLayout(config)
  const layers: readonly LayerLayout[] = [
    ...down.flatMap((level) => level.layers),
    ...middle,
    ...up.flatMap((level) => level.layers),
  ]
  return layers.flatMap(({ transformer }) =>
    transformer ? transformerTargets(transformer, config.use_linear_projection) : [],
  )
}

/** Of the first `layersRun` layers; those that CLIP skip cuts off get none. */
export const clipTextAdapterTargets = (config: ClipTextConfig, layersRun: number): readonly AdapterTarget[] => {
  const { hidden_size: width, intermediate_size: inner } = config
  return Array.from({ length: layersRun }, (_, index) => {
    const target = (name: string, inFeatures: number, outFeatures: number): AdapterTarget => ({
      path: `text_model.encoder.layers.${index}.${name}`,
      kind: "linear",
      inFeatures,
      outFeatures,
    })
    const attention = ["q_proj", "k_proj", "v_proj", "out_proj"].map((name) =>
      target(`self_attn.${name}`, width, width),
    )
    return [...attention, target("mlp.fc1", width, inner), target("mlp.fc2", inner, width)]
  }).flat()
}

const transformerTargets = (layout: TransformerLayout, linearProjection: boolean): readonly AdapterTarget[] => {
  const { path, channels, innerWidth, depth, contextWidth } = layout
  const kind = linearProjection ? "linear" : "conv1x1"
  return [
    { path: `${path}.proj_in`, kind, inFeatures: channels, outFeatures: innerWidth },
    ...Array.from({ length: depth }, (_, index) =>
      blockTargets(`${path}.transformer_blocks.${index}`, innerWidth, contextWidth),
    ).flat(),
    { path: `${path}.proj_out`, kind, inFeatures: innerWidth, outFeatures: channels },
  ]
}

const blockTargets = (path: string, width: number, contextWidth: number): readonly AdapterTarget[] => {
  const target = (name: string, inFeatures: number, outFeatures: number): AdapterTarget => ({
    path: `${path}.${name}`,
    kind: "linear",
    inFeatures,
    outFeatures,
  })
  const attention = (name: string, keyWidth: number) => [
    target(`${name}.to_q`, width, width),
    target(`${name}.to_k`, keyWidth, width),
    target(`${name}.to_v`, keyWidth, width),
    target(`${name}.to_out.0`, width, width),
  ]
  return [
    ...attention("attn1", width),
    ...attention("attn2", contextWidth),
    target("ff.net.0.proj", width, 8 * width),
    target("ff.net.2", 4 * width, width),
  ]
}
