/**
 * Builders for where values come from: fed inputs, frozen weights in the user's files, constants inside the graph.
 *
 * Names are identity here: two inputs or weights of one name are one thing, however often they are asked for.
 */
import { apply } from "./apply.ts"
import { demand } from "./invalid-graph.ts"
import { elementCount, printShape } from "./shape.ts"
import type { DType, Shape, Tensor } from "./tensor.ts"

export const input = (name: string, shape: Shape, dtype: DType = "float32"): Tensor =>
  apply("Input", [], { name, shape, dtype })

/**
 * A frozen weight as float32, whatever it is stored as: a 16-bit one gets a Cast, which the lowering places so that
 * only one layer's float32 copy exists at a time.
 */
export const weight = (name: string, shape: Shape, dtype: DType = "float32"): Tensor => {
  const stored = apply("Weight", [], { name, shape, dtype })
  return dtype === "float16" || dtype === "bfloat16" ? apply("Cast", [stored], { to: "float32" }) : stored
}

/** A number without a shape is a scalar; a number with a shape fills it; arrays without a shape are vectors. */
export const constant = (data: Float32Array | BigInt64Array | number, shape?: Shape): Tensor => {
  if (typeof data === "number") return apply("Constant", [], { data, shape: shape ?? [], dtype: "float32" })
  const own = shape ?? [data.length]
  const fits = elementCount(own) === data.length
  demand(fits, "Constant", () => `${data.length} values for shape ${printShape(own)}`, "give one value per element")
  return apply("Constant", [], { data, shape: own, dtype: data instanceof BigInt64Array ? "int64" : "float32" })
}

export const zeros = (shape: Shape): Tensor => constant(0, shape)
export const ones = (shape: Shape): Tensor => constant(1, shape)

/** Every element is this number, known while building; undefined when it varies or is not known. */
export const filledWith = (tensor: Tensor): number | undefined => {
  const { node } = tensor
  return node.op === "Constant" && typeof node.attributes.data === "number" ? node.attributes.data : undefined
}
