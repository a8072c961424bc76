/**
 * Gradient of attention without ever holding all scores.
 *
 * Per head, with P = softmax(s·q·kᵀ), y = P·v and g the gradient of y:
 *   dv = Pᵀ·g,   dP = g·vᵀ,   dS = P·(dP − D) with D = Σ_row g·y,   dq = s·dS·k,   dk = s·dSᵀ·q
 * (D is the row sum of dP·P; written with y it costs nothing. Dao et al. 2022, arXiv 2205.14135, appendix B.2.)
 *
 * P is computed again, a few heads at a time and, where one head's scores are too many, a range of queries at a time.
 * Each piece waits for the one before, so that only one piece's scores exist (measured for 8 heads of 4096 tokens: 0.3
 * GB instead of 3.3 GB, in half the time). D is subtracted inside the product: g gets D as one more column, v gets −1.
 */
import { add, mul, reduceSum } from "../arithmetic.ts"
import { matMul } from "../contraction.ts"
import { controlDependency, waitingFor } from "../control-dependency.ts"
import { constant, zeros } from "../leaves.ts"
import { concat, reshape, slice, transpose } from "../movement.ts"
import { softmax } from "../normalisation.ts"
import type { Tensor } from "../tensor.ts"
import type { GradientRule } from "./gradient-rule.ts"

/** Scores in one piece: 16 MiB, which passes over them find in a cache (64 MiB take 1.45 times as long). */
const scoresPerPiece = 2 ** 22
/** More would make the graph itself large; pieces of very large pictures are larger instead. */
const mostPiecesPerHead = 32

interface Range {
  readonly start: number
  readonly end: number
}

const ranges = (whole: number, most: number): readonly Range[] => {
  const count = Math.ceil(whole / Math.max(1, most))
  const at = (index: number): number => Math.round((index * whole) / count)
  return Array.from({ length: count }, (_, index) => ({ start: at(index), end: at(index + 1) }))
}

/** [batch, tokens, heads · d] → [batch, heads, tokens, d] */
const byHead = (x: Tensor, heads: number): Tensor => {
  const [batch, tokens, width] = x.shape as readonly [number, number, number]
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3])
}

/** The inverse. */
const sideBySide = (x: Tensor): Tensor => {
  const [batch, heads, tokens, d] = x.shape as readonly [number, number, number, number]
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * d])
}

/** Some heads' share: everything [batch, heads, tokens, d]; `gradient` with D behind it, `value` with −1. */
interface Heads {
  readonly query: Tensor
  readonly key: Tensor
  readonly value: Tensor
  readonly gradient: Tensor
}

interface InputGradients {
  readonly query: Tensor
  readonly key: Tensor
  readonly value: Tensor
}

/** One piece, after the one before. The query is scaled already; its gradient here is not. */
const piece = ({ query, key, value, gradient }: Heads, before: Tensor): InputGradients => {
  const q = waitingFor(before, query)
  const g = waitingFor(before, gradient)
  const p = softmax(matMul(q, key, { transB: true }))
  const ds = mul(matMul(g, value, { transB: true }), p)
  const plain = slice(g, { axis: 3, start: 0, end: key.shape[3]! })
  return {
    value: matMul(p, plain, { transA: true }),
    query: matMul(ds, key),
    key: matMul(ds, q, { transA: true }),
  }
}

interface HeadsDone {
  readonly gradients: InputGradients
  /** Waits for all of them. */
  readonly done: Tensor
}

/** Pieces of some heads, one range of queries after the other. */
const headsInPieces = (heads: Heads, before: Tensor, queriesPerPiece: number): HeadsDone => {
  const take = (x: Tensor, { start, end }: Range): Tensor => slice(x, { axis: 2, start, end })
  let done = before
  const pieces = ranges(heads.query.shape[2]!, queriesPerPiece).map((range) => {
    const part = { ...heads, query: take(heads.query, range), gradient: take(heads.gradient, range) }
    const gradients = piece(part, done)
    done = controlDependency(gradients.query, gradients.key, gradients.value)
    return gradients
  })
  const sum = (name: "key" | "value"): Tensor => pieces.map((one) => one[name]).reduce((a, b) => add(a, b))
  const query = concat(
    pieces.map((one) => one.query),
    2,
  )
  return { gradients: { query, key: sum("key"), value: sum("value") }, done }
}

/** What attention was computed from, [batch, queries or keys, heads · d], and the gradient of its result. */
interface Attended {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
  readonly y: Tensor
  readonly g: Tensor
  readonly heads: number
}

const allHeads = ({ q, k, v, y, g, heads }: Attended, scale: number): Heads => {
  const [batch, keys] = k.shape as readonly [number, number, number]
  const gradient = byHead(g, heads)
  const d = reduceSum(mul(gradient, byHead(y, heads)), [3], true)
  const minusOnes = constant(new Float32Array(batch * heads * keys).fill(-1), [batch, heads, keys, 1])
  return {
    query: byHead(mul(q, scale), heads),
    key: byHead(k, heads),
    value: concat([byHead(v, heads), minusOnes], 3),
    gradient: concat([gradient, d], 3),
  }
}

const gradientsInPieces = (attended: Attended): InputGradients => {
  const { q, k, g, heads } = attended
  const [batch, queries, width] = q.shape as readonly [number, number, number]
  const keys = k.shape[1]!
  const scale = 1 / Math.sqrt(width / heads)
  const all = allHeads(attended, scale)
  const headsPerPiece = Math.floor(scoresPerPiece / (batch * queries * keys))
  const queriesPerPiece = Math.max(Math.floor(scoresPerPiece / (batch * keys)), Math.ceil(queries / mostPiecesPerHead))
  let before = controlDependency(g)
  const pieces = ranges(heads, headsPerPiece).map(({ start, end }) => {
    const take = (x: Tensor): Tensor => slice(x, { axis: 1, start, end })
    const some = { query: take(all.query), key: take(all.key), value: take(all.value), gradient: take(all.gradient) }
    const { gradients, done } = headsInPieces(some, before, queriesPerPiece)
    before = done
    return gradients
  })
  const joined = (name: keyof InputGradients): Tensor =>
    sideBySide(
      concat(
        pieces.map((one) => one[name]),
        1,
      ),
    )
  return { query: mul(joined("query"), scale), key: joined("key"), value: joined("value") }
}

/**
 * With a single key every P is 1, whatever the query: q and k get exactly nothing. Computed, they would get what rounding
 * leaves of dP − D, and an optimizer that looks at signs and not at sizes (Adam) would make full steps of it.
 */
const gradientsOfSingleKey = ({ q, k, g }: Attended): InputGradients => ({
  query: zeros(q.shape),
  key: zeros(k.shape),
  value: reduceSum(g, [1], true),
})

export const attentionGradient: GradientRule<"MultiHeadAttention"> = ({ node, inputs, y, g }) => {
  const [q, k, v] = inputs as readonly [Tensor, Tensor, Tensor]
  const attended = { q, k, v, y, g, heads: node.attributes.heads }
  let made: InputGradients | undefined
  const all = (): InputGradients => {
    made ??= k.shape[1] === 1 ? gradientsOfSingleKey(attended) : gradientsInPieces(attended)
    return made
  }
  return [() => all().query, () => all().key, () => all().value]
}
