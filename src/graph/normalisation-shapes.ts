/**
 * Shapes of normalisations and attention.
 */
import { demand } from "./invalid-graph.ts"
import { sameShape, withExtent } from "./shape.ts"
import { demandCount, demandFloat, demandRank, type ShapeRule, types } from "./shape-demands.ts"
import type { Shape } from "./tensor.ts"

export const layerNormalization: ShapeRule<"LayerNormalization"> = (inputs) => {
  demandCount("LayerNormalization", inputs, 2, 3)
  const dtype = demandFloat("LayerNormalization", inputs)
  const { shape } = inputs[0]!
  const fits = shape.length >= 1 && inputs.slice(1).every((input) => sameShape(input.shape, shape.slice(-1)))
  demand(fits, "LayerNormalization", () => `inputs ${types(inputs)}`, "scale and bias have the last axis's extent")
  const statistics = { shape: withExtent(shape, shape.length - 1, 1), dtype }
  return [{ shape, dtype }, statistics, statistics]
}

export const multiHeadAttention: ShapeRule<"MultiHeadAttention"> = (inputs, { heads }) => {
  demandCount("MultiHeadAttention", inputs, 3)
  const dtype = demandFloat("MultiHeadAttention", inputs)
  for (const input of inputs) demandRank("MultiHeadAttention", input, 3)
  const [query, key, value] = inputs.map(({ shape }) => shape) as [Shape, Shape, Shape]
  const fits = sameShape(key, value) && query[0] === key[0] && query[2] === key[2] && query[2]! % heads === 0
  demand(
    fits,
    "MultiHeadAttention",
    () => `${heads} heads of ${types(inputs)}`,
    "[batch, queries, width] and twice [batch, keys, width], the width a multiple of the heads",
  )
  return [{ shape: query, dtype }]
}
