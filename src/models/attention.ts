/**
 * Multi-head attention over token rows: softmax(q·kᵀ/√d + bias)·v for every head
 * (Vaswani et al. 2017, arXiv 1706.03762).
 *
 * The one idea: callers see rows [batch · tokens, heads · d] going in and coming out; how the product is formed is
 * decided here alone, so that a faster form can take this one's place.
 */
import { add, matMul, mul, multiHeadAttention, reshape, softmax, transpose } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"

export interface Attention {
  /** [batch · queries, heads · d] */
  readonly query: Tensor
  /** [batch · keys, heads · d] */
  readonly key: Tensor
  readonly value: Tensor
  readonly batch: number
  readonly heads: number
  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. */
  readonly bias?: Tensor
}

/** → [batch · queries, heads · d] */
export const attention = (of: Attention): Tensor => (of.bias === undefined ? fusedAttention(of) : biasedAttention(of))

/** One operation, which never holds all scores. */
const fusedAttention = ({ query, key, value, batch, heads }: Attention): Tensor => {
  const [q, k, v] = [query, key, value].map((x) => reshape(x, [batch, -1, x.shape[1]!])) as [Tensor, Tensor, Tensor]
  return reshape(multiHeadAttention(q, k, v, heads), query.shape)
}

const biasedAttention = ({ query, key, value, batch, heads, bias }: Attention): Tensor => {
  const [rows, width] = query.shape as readonly [number, number]
  const headWidth = width / heads
  // The scale goes to q, which is smaller than the scores whenever d is smaller than the number of keys.
  const q = byHead(mul(query, 1 / Math.sqrt(headWidth)), batch, heads, [0, 2, 1, 3])
  const k = byHead(key, batch, heads, [0, 2, 3, 1])
  const v = byHead(value, batch, heads, [0, 2, 1, 3])
  const scores = matMul(q, k)
  const mixed = matMul(softmax(bias ? add(scores, bias) : scores), v)
  return reshape(transpose(mixed, [0, 2, 1, 3]), [rows, width])
}

const byHead = (x: Tensor, batch: number, heads: number, perm: readonly number[]): Tensor => {
  const [rows, width] = x.shape as readonly [number, number]
  return transpose(reshape(x, [batch, rows / batch, heads, width / heads]), perm)
}
