/**
 * The transformer of a UNet level: self-attention, attention to the text, gated feed-forward, on rows of tokens
 * (diffusers' Transformer2DModel and BasicTransformerBlock; Rombach et al. 2022, arXiv 2112.10752).
 *
 * The one idea: the picture is turned into rows [batch · height · width, channels] once, and every layer in between is
 * a Gemm straight from its file layout. Whether `proj_in` is stored as a linear layer or as a 1×1 convolution makes no
 * difference here.
 */
import { add, gelu, mul } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import { attention } from "./attention.ts"
import { linear, linearHalves, type ModelScope } from "./lora-branch.ts"
import { type GroupNormSettings, groupNorm, layerNorm } from "./normalisation.ts"
import { pictureShape, toPicture, toRows } from "./token-rows.ts"
import type { TransformerLayout } from "./unet-layout.ts"

/** diffusers fixes both, whatever the config's norm_eps says. */
const groupNormEpsilon = 1e-6
const layerNormEpsilon = 1e-5
/** The feed-forward is four times as wide as the tokens. */
const feedForwardFactor = 4

/** `context`: text states as rows [batch · tokens, contextWidth]. */
export const transformer = (
  scope: ModelScope,
  layout: TransformerLayout,
  x: Tensor,
  context: Tensor,
  { groups }: Pick<GroupNormSettings, "groups">,
): Tensor => {
  const { path, channels, innerWidth, depth } = layout
  const shape = pictureShape(x)
  const normal = groupNorm(scope, `${path}.norm`, x, { groups, epsilon: groupNormEpsilon })
  let tokens = linear(scope, `${path}.proj_in`, toRows(normal), channels, innerWidth)
  for (let index = 0; index < depth; index++) {
    tokens = block(scope, `${path}.transformer_blocks.${index}`, tokens, context, layout, shape[0])
  }
  return add(toPicture(linear(scope, `${path}.proj_out`, tokens, innerWidth, channels), shape), x)
}

const block = (
  scope: ModelScope,
  path: string,
  tokens: Tensor,
  context: Tensor,
  layout: TransformerLayout,
  batch: number,
): Tensor => {
  const { innerWidth, contextWidth, heads } = layout
  const normal = (index: number, x: Tensor) => layerNorm(scope, `${path}.norm${index}`, x, layerNormEpsilon)
  const attend = (name: string, x: Tensor, to: Tensor, toWidth: number) =>
    attentionLayer(scope, `${path}.${name}`, x, to, { width: innerWidth, toWidth, heads, batch })

  const toItself = normal(1, tokens)
  const first = add(attend("attn1", toItself, toItself, innerWidth), tokens)
  const second = add(attend("attn2", normal(2, first), context, contextWidth), first)
  return add(feedForward(scope, `${path}.ff`, normal(3, second), innerWidth), second)
}

const attentionLayer = (
  scope: ModelScope,
  path: string,
  x: Tensor,
  to: Tensor,
  { width, toWidth, heads, batch }: Readonly<Record<"width" | "toWidth" | "heads" | "batch", number>>,
): Tensor => {
  const query = linear(scope, `${path}.to_q`, x, width, width, { bias: false })
  const key = linear(scope, `${path}.to_k`, to, toWidth, width, { bias: false })
  const value = linear(scope, `${path}.to_v`, to, toWidth, width, { bias: false })
  return linear(scope, `${path}.to_out.0`, attention({ query, key, value, batch, heads }), width, width)
}

/** GEGLU (Shazeer 2020, arXiv 2002.05202): the first half of the projection times GELU of the second. */
const feedForward = (scope: ModelScope, path: string, x: Tensor, width: number): Tensor => {
  const inner = feedForwardFactor * width
  const [value, gate] = linearHalves(scope, `${path}.net.0.proj`, x, width, 2 * inner)
  return linear(scope, `${path}.net.2`, mul(value, gelu(gate)), inner, width)
}
