/**
 * Builders for normalisations and activations, most of them one operation each; group normalisation is a composite.
 */
import { apply } from "./apply.ts"
import { add, mul } from "./arithmetic.ts"
import { demand } from "./invalid-graph.ts"
import { ones } from "./leaves.ts"
import { reshape } from "./movement.ts"
import { printShape } from "./shape.ts"
import type { Tensor } from "./tensor.ts"

/** Along the last axis. */
export const softmax = (x: Tensor): Tensor => apply("Softmax", [x], {})

/** Along the last axis; scale and bias have its extent. */
export const layerNormalization = (x: Tensor, scale: Tensor, bias: Tensor | undefined, epsilon: number): Tensor =>
  apply("LayerNormalization", bias === undefined ? [x, scale] : [x, scale, bias], { epsilon })

/**
 * x [batch, channels, ...] normalised over groups of neighbouring channels, then scaled and shifted per channel.
 *
 * Written as a LayerNormalization over [batch·groups, rest]: of the kernels ONNX Runtime has for it on a CPU the
 * numerically best, and it hands mean and deviation to the gradient.
 */
export const groupNormalization = (x: Tensor, gamma: Tensor, beta: Tensor, groups: number, epsilon: number): Tensor => {
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]]
  const fits = channels % groups === 0
  demand(fits, "groupNormalization", () => `${groups} groups of ${printShape(x.shape)}`, "groups divide the channels")
  const rows = reshape(x, [batch * groups, -1])
  const normal = reshape(layerNormalization(rows, ones([rows.shape[1]!]), undefined, epsilon), x.shape)
  const perChannel = [channels, ...rest.map(() => 1)]
  return add(mul(normal, reshape(gamma, perChannel)), reshape(beta, perChannel))
}

/** Softmax attention of rows; see the operation. */
export const multiHeadAttention = (query: Tensor, key: Tensor, value: Tensor, heads: number): Tensor =>
  apply("MultiHeadAttention", [query, key, value], { heads })

/** x·Φ(x) with the error function, not the tanh approximation. */
export const gelu = (x: Tensor): Tensor => apply("Gelu", [x], {})
/** x·σ(alpha·x) */
export const quickGelu = (x: Tensor, alpha: number): Tensor => apply("QuickGelu", [x], { alpha })
export const silu = (x: Tensor): Tensor => quickGelu(x, 1)
