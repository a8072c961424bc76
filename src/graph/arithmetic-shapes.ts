/**
 * Shapes of what works element by element, and of sums over axes.
 */
import { demand } from "./invalid-graph.ts"
import type { Attributes, OperationName } from "./operations.ts"
import { broadcastShapes, reducedShape } from "./shape.ts"
import { demandCount, demandFloat, demandSameDType, type Inputs, type ShapeRule, types } from "./shape-demands.ts"
import type { DType, TensorType } from "./tensor.ts"

export const binary =
  (where: string, result?: DType) =>
  (inputs: Inputs): readonly TensorType[] => {
    demandCount(where, inputs, 2)
    const dtype = demandSameDType(where, inputs)
    demand(dtype !== "bool", where, () => `inputs ${types(inputs)}`, "needs numbers")
    return [{ shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, where), dtype: result ?? dtype }]
  }

export const unary =
  (where: string) =>
  (inputs: Inputs): readonly TensorType[] => {
    demandCount(where, inputs, 1)
    return [{ shape: inputs[0]!.shape, dtype: demandFloat(where, inputs) }]
  }

export const reduction =
  (where: OperationName) =>
  (inputs: Inputs, { axes, keepdims }: Attributes["ReduceSum"]): readonly TensorType[] => {
    demandCount(where, inputs, 1)
    const dtype = demandFloat(where, inputs)
    return [{ shape: reducedShape(inputs[0]!.shape, axes, keepdims), dtype }]
  }

export const selection: ShapeRule<"Where"> = (inputs) => {
  demandCount("Where", inputs, 3)
  const [condition, whenTrue, whenFalse] = inputs as [TensorType, TensorType, TensorType]
  demand(condition.dtype === "bool", "Where", () => `condition of dtype ${condition.dtype}`, "compare first")
  const dtype = demandSameDType("Where", [whenTrue, whenFalse])
  const branches = broadcastShapes(whenTrue.shape, whenFalse.shape, "Where")
  return [{ shape: broadcastShapes(condition.shape, branches, "Where"), dtype }]
}
