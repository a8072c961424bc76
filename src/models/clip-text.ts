/**
 * The CLIP text encoder: token ids to states, one row per token (Radford et al. 2021, arXiv 2103.00020; transformers'
 * CLIPTextModel and CLIPTextModelWithProjection).
 *
 * The one idea: CLIP skip s of N layers is the output of layer N + 1 − s. Layers above it are not built, unless the
 * pooled vector, which always comes after all N, is asked for. Checkpoint keys are spelled with the `text_model.`
 * prefix; files without it are read as well.
 */
import { add, cast, constant, expand, gather, gelu, gemm, mul, quickGelu, reshape, slice } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { TextCondition } from "../settings/text-condition.ts"
import { attention } from "./attention.ts"
import type { ClipTextConfig } from "./clip-text-config.ts"
import { linear, type ModelScope } from "./lora-branch.ts"
import type { ModelWeights } from "./model-weights.ts"
import { layerNorm } from "./normalisation.ts"
import { UnsupportedConfig } from "./unsupported-config.ts"

export interface ClipTextFeeds {
  /** int64 [batch, tokens]; where a learned row stands, any id of the table. */
  readonly tokenIds: Tensor
  /** 1: no layer is skipped. */
  readonly skip: number
  /** Final layer norm on the states; whether a family applies it says its record. */
  readonly finalNorm?: boolean
  /** Rows of a trained embedding that take the place of tokens. */
  readonly learned?: LearnedRows
  /** Asks for the pooled vector: int64 [batch], sample · tokens + position of the sample's first end-of-text token. */
  readonly pooledRows?: Tensor
}

/** A sum of products instead of a scatter, so that the gradient of a row used twice adds up in one Gemm. */
export interface LearnedRows {
  /** [learned, hidden_size] */
  readonly rows: Tensor
  /** [batch · tokens, learned]: 1 where the token is that row. */
  readonly placement: Tensor
  /** [batch · tokens, 1]: 0 where a learned row stands, otherwise 1. */
  readonly kept: Tensor
}

/** Added to the score of every later token. Its exponential is exactly zero, and unlike −∞ it never makes a NaN. */
const masked = -1e9

/** States [batch, tokens, hidden_size], and where `pooledRows` are given the pooled vector [batch, projection_dim]. */
export const clipText = (scope: ModelScope, config: ClipTextConfig, feeds: ClipTextFeeds): TextCondition<Tensor> => {
  const { skip, finalNorm = true, pooledRows, tokenIds } = feeds
  const [batch, tokens] = tokenIds.shape as readonly [number, number]
  const own: ModelScope = { ...scope, weights: withOrWithoutPrefix(scope.weights) }
  const norm = (x: Tensor) => layerNorm(own, "text_model.final_layer_norm", x, config.layer_norm_eps)

  if (!(skip >= 1 && skip <= config.num_hidden_layers)) {
    throw new UnsupportedConfig({
      model: "text encoder",
      field: "num_hidden_layers",
      value: `${config.num_hidden_layers}`,
      supported: `at least ${skip} for CLIP skip ${skip}, which counts from 1`,
    })
  }
  const run = layers(own, config, batch, tokens)
  const until = config.num_hidden_layers + 1 - skip
  const rows = run(embeddings(own, config, feeds), 0, until)
  const states = reshape(finalNorm ? norm(rows) : rows, [batch, tokens, config.hidden_size])
  if (!pooledRows) return { states, pooled: null }
  const last = norm(gather(run(rows, until, config.num_hidden_layers), pooledRows))
  const { hidden_size, projection_dim } = config
  return { states, pooled: linear(own, "text_projection", last, hidden_size, projection_dim, { bias: false }) }
}

const prefix = "text_model."

const withOrWithoutPrefix = (weights: ModelWeights): ModelWeights => {
  const stored = (key: string): string =>
    !weights.has(key) && key.startsWith(prefix) && weights.has(key.slice(prefix.length))
      ? key.slice(prefix.length)
      : key
  return {
    has: (key) => weights.has(stored(key)),
    get: (key, shape) => weights.get(stored(key), shape),
    rows: (key, shape, start, end) => weights.rows(stored(key), shape, start, end),
  }
}

/** Token and position embeddings, [batch · tokens, hidden_size]. */
const embeddings = (
  { weights }: ModelScope,
  { vocab_size, hidden_size, max_position_embeddings }: ClipTextConfig,
  { tokenIds, learned }: ClipTextFeeds,
): Tensor => {
  const [batch, tokens] = tokenIds.shape as readonly [number, number]
  const path = "text_model.embeddings"
  const table = weights.get(`${path}.token_embedding.weight`, [vocab_size, hidden_size])
  const frozen = rowsOf(table, reshape(tokenIds, [batch * tokens]))
  const words = learned ? gemm(learned.placement, learned.rows, { c: mul(frozen, learned.kept) }) : frozen
  const everyPosition = weights.get(`${path}.position_embedding.weight`, [max_position_embeddings, hidden_size])
  const positions = slice(everyPosition, { axis: 0, start: 0, end: tokens })
  const everySample = expand(reshape(positions, [1, tokens, hidden_size]), [batch, tokens, hidden_size])
  return add(words, reshape(everySample, [batch * tokens, hidden_size]))
}

/** Chosen rows of a stored table: chosen first and then converted to float32, which spares converting the table. */
const rowsOf = (table: Tensor, indices: Tensor): Tensor => {
  const { node } = table
  return node.op === "Cast" ? cast(gather(node.inputs[0]!, indices), "float32") : gather(table, indices)
}

/** Runs layers `from`..`until` (excluded). */
const layers = (scope: ModelScope, config: ClipTextConfig, batch: number, tokens: number) => {
  const bias = causalBias(tokens)
  return (x: Tensor, from: number, until: number): Tensor => {
    let rows = x
    for (let index = from; index < until; index++) {
      rows = layer(scope, config, `text_model.encoder.layers.${index}`, rows, batch, bias)
    }
    return rows
  }
}

const causalBias = (tokens: number): Tensor => {
  const data = Float32Array.from({ length: tokens * tokens }, (_, at) =>
    at % tokens > Math.floor(at / tokens) ? masked : 0,
  )
  return constant(data, [tokens, tokens])
}

const layer = (
  scope: ModelScope,
  config: ClipTextConfig,
  path: string,
  x: Tensor,
  batch: number,
  bias: Tensor,
): Tensor => {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = config
  const norm = (name: string, rows: Tensor) => layerNorm(scope, `${path}.${name}`, rows, config.layer_norm_eps)
  const project = (name: string, rows: Tensor) => linear(scope, `${path}.self_attn.${name}`, rows, width, width)

  const normal = norm("layer_norm1", x)
  const query = project("q_proj", normal)
  const key = project("k_proj", normal)
  const value = project("v_proj", normal)
  const attended = add(x, project("out_proj", attention({ query, key, value, batch, heads, bias })))
  const hidden = linear(scope, `${path}.mlp.fc1`, norm("layer_norm2", attended), width, inner)
  return add(attended, linear(scope, `${path}.mlp.fc2`, activation[config.hidden_act](hidden), inner, width))
}

/** 1.702: the constant of CLIP's sigmoid approximation of GELU (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
const activation = {
  quick_gelu: (x: Tensor) => quickGelu(x, 1.702),
  gelu,
} as const
