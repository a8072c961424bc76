/**
 * Normalisations with the scale and shift of a checkpoint: keys `path.weight` and `path.bias`.
 */
import { groupNormalization, layerNormalization } from "../graph/build.ts"
import type { Tensor } from "../graph/tensor.ts"
import type { ModelScope } from "./lora-branch.ts"

export interface GroupNormSettings {
  readonly groups: number
  readonly epsilon: number
}

/** x [batch, channels, height, width] */
export const groupNorm = (
  { weights }: ModelScope,
  path: string,
  x: Tensor,
  { groups, epsilon }: GroupNormSettings,
): Tensor => {
  const channels = [x.shape[1]!]
  return groupNormalization(
    x,
    weights.get(`${path}.weight`, channels),
    weights.get(`${path}.bias`, channels),
    groups,
    epsilon,
  )
}

/** x [rows, width], each row by itself */
export const layerNorm = ({ weights }: ModelScope, path: string, x: Tensor, epsilon: number): Tensor => {
  const width = [x.shape[1]!]
  return layerNormalization(x, weights.get(`${path}.weight`, width), weights.get(`${path}.bias`, width), epsilon)
}
