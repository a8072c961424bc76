/**
 * What a shape rule is, and what rules ask of their inputs: how many, of which dtype and rank.
 */
import { demand } from "./invalid-graph.ts"
import type { Attributes, OperationName } from "./operations.ts"
import { printShape } from "./shape.ts"
import type { DType, TensorType } from "./tensor.ts"

export type Inputs = readonly TensorType[]
/** What comes out, one type per output; throws `InvalidGraph`. */
export type ShapeRule<O extends OperationName> = (inputs: Inputs, attributes: Attributes[O]) => readonly TensorType[]

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float16" || dtype === "bfloat16"

export const types = (inputs: Inputs): string => inputs.map(({ dtype, shape }) => dtype + printShape(shape)).join(", ")

export const demandCount = (where: string, inputs: Inputs, least: number, most = least): void => {
  const fits = inputs.length >= least && inputs.length <= most
  demand(fits, where, () => `${inputs.length} inputs`, least === most ? `takes ${least}` : `takes ${least} to ${most}`)
}

export const demandSameDType = (where: string, inputs: Inputs): DType => {
  const dtype = inputs[0]!.dtype
  const same = inputs.every((input) => input.dtype === dtype)
  demand(same, where, () => `inputs of different dtypes: ${types(inputs)}`, "cast one of them")
  return dtype
}

export const demandFloat = (where: string, inputs: Inputs): DType => {
  const dtype = demandSameDType(where, inputs)
  demand(isFloat(dtype), where, () => `inputs ${types(inputs)}`, "needs floating-point inputs")
  return dtype
}

export const demandRank = (where: string, input: TensorType, rank: number): void =>
  demand(input.shape.length === rank, where, () => `input of shape ${printShape(input.shape)}`, `needs rank ${rank}`)
