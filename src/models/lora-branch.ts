/**
 * Linear layers and 1×1 convolutions, with the low-rank branch that training adds to them: y = Wx + s · up(down(x)).
 *
 * Problem: an adapter must reach any such layer of any model, without the models knowing of adapters.
 * Method: every linear layer and 1×1 convolution goes through this file, which looks its module path up in
 * `scope.adapters`. No adapter, no branch: the graph of the bare model is exactly the bare model.
 * Form: the branch is two Gemms, h = x·downᵀ and s·h·upᵀ + base. Scale and sum are inside the second, all matrices are
 * used in file layout ([out, in] for W, [dim, in] and [out, dim] for the adapter), nothing is transposed or copied.
 * Limits: 3×3 convolutions have no branch yet.
 *
 * Source of the rule: Hu et al. 2021 (arXiv 2106.09685); s = alpha / dim as in kohya's networks/lora.py.
 */
import { add, conv, gemm, mul, reshape, slice } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { ModelWeights } from "./model-weights.ts"

export interface AdapterTensors {
  /** [dim, in] */
  readonly down: Tensor
  /** [out, dim] */
  readonly up: Tensor
  /** s = alpha / dim */
  readonly scale: number
}

/** What a builder draws on: frozen weights, and adapters by module path ("down_blocks.0.attentions.0.proj_in"). */
export interface ModelScope {
  readonly weights: ModelWeights
  readonly adapters: ReadonlyMap<string, AdapterTensors>
}

const branch = ({ down, up, scale }: AdapterTensors, x: Tensor, base: Tensor): Tensor =>
  gemm(gemm(x, down, { transB: true }), up, { transB: true, alpha: scale, c: base })

/** x [rows, in] → [rows, out]. */
export const linear = (
  { weights, adapters }: ModelScope,
  path: string,
  x: Tensor,
  inFeatures: number,
  outFeatures: number,
  { bias = true }: { readonly bias?: boolean } = {},
): Tensor => {
  const w = weights.get(`${path}.weight`, [outFeatures, inFeatures])
  const base = gemm(x, w, bias ? { transB: true, c: weights.get(`${path}.bias`, [outFeatures]) } : { transB: true })
  const adapter = adapters.get(path)
  return adapter ? branch(adapter, x, base) : base
}

/**
 * A linear layer whose output is used as two halves: x [rows, in] → two [rows, out/2].
 * The halves of W are two byte ranges of the file, which saves splitting the (large) output and joining its gradient.
 * The adapter stays one over the whole output, as in every LoRA file; only its small `up` is split.
 */
export const linearHalves = (
  { weights, adapters }: ModelScope,
  path: string,
  x: Tensor,
  inFeatures: number,
  outFeatures: number,
): readonly [Tensor, Tensor] => {
  const adapter = adapters.get(path)
  const hidden = adapter && gemm(x, adapter.down, { transB: true })
  const half = (start: number, end: number): Tensor => {
    const w = weights.rows(`${path}.weight`, [outFeatures, inFeatures], start, end)
    const base = gemm(x, w, { transB: true, c: weights.rows(`${path}.bias`, [outFeatures], start, end) })
    if (!adapter || !hidden) return base
    return gemm(hidden, slice(adapter.up, { axis: 0, start, end }), { transB: true, alpha: adapter.scale, c: base })
  }
  return [half(0, outFeatures / 2), half(outFeatures / 2, outFeatures)]
}

/** A 1×1 convolution of a picture: x [batch, in, height, width] → [batch, out, height, width]. */
export const pointwiseConv = (
  { weights, adapters }: ModelScope,
  path: string,
  x: Tensor,
  inChannels: number,
  outChannels: number,
): Tensor => {
  const w = weights.get(`${path}.weight`, [outChannels, inChannels, 1, 1])
  const base = conv(x, w, { bias: weights.get(`${path}.bias`, [outChannels]) })
  const adapter = adapters.get(path)
  if (!adapter) return base
  const kernel = (matrix: Tensor): Tensor => reshape(matrix, [...matrix.shape, 1, 1])
  return add(base, mul(conv(conv(x, kernel(adapter.down)), kernel(adapter.up)), adapter.scale))
}
