/**
 * What tells the stages of several graphs apart before anything has run: definition, parameters, and what they read from, as one text.
 *
 * Two stages of one shape will have one key, whatever their sources hold; two of different shapes may still turn out to have equal
 * results. Shapes are good for one process.
 */
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import { digestText } from "../model/fingerprint.ts"
import type { PipelineGraph } from "./pipeline-graph.ts"

const numbers = new WeakMap<object, number>()
let numbered = 0

const numberOf = (definition: object): number => {
  const known = numbers.get(definition)
  if (known !== undefined) return known
  numbers.set(definition, numbered)
  return numbered++
}

/** By label. */
export const graphShapes = ({ stages }: PipelineGraph): ReadonlyMap<string, string> => {
  const shapes = new Map<string, string>()
  for (const { label, node, keyedParams, encodedParams, inputs } of stages) {
    const params = node.kind === "source" ? encodedParams : keyedParams
    const reads = Object.fromEntries(Object.entries(inputs).map(([name, from]) => [name, shapes.get(from) ?? from]))
    shapes.set(label, digestText(canonicalJson([numberOf(node.definition), params, reads] as Json)))
  }
  return shapes
}
