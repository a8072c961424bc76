/**
 * Which values of a graph are there before it runs, and the constants among them as the model stores them.
 *
 * Constants of equal content are stored once. They are named by their order, so equal graphs give equal names.
 */
import type { TensorProto } from "onnx-buf"
import type { Attributes } from "../operations.ts"
import { elementCount, printShape } from "../shape.ts"
import type { Node, Shape, Tensor } from "../tensor.ts"
import type { DynamicShapes } from "./dynamic-shapes.ts"
import type { ConstantPool } from "./onnx-forms.ts"
import { inlineTensor } from "./onnx-proto.ts"

/** A constant of one value repeated more often than this is made at run time instead of being stored. */
const storedFillLimit = 1024

/** Operations whose outputs are stored or fed under a name of their own; nothing is computed for them. */
export const isNamedByItself = ({ op, outputs }: Node): boolean =>
  op === "Input" || op === "Weight" || (op === "Constant" && !isLargeFill(outputs[0]!))

const isLargeFill = ({ node, shape }: Tensor): boolean =>
  node.op === "Constant" && typeof node.attributes.data === "number" && elementCount(shape) > storedFillLimit

export class StoredConstants implements ConstantPool {
  private readonly names = new Map<string, string>()
  private readonly add: (name: string, tensor: TensorProto) => void
  private readonly dynamic: DynamicShapes | undefined

  /** `add` puts a constant into the model; with dynamic shapes most shapes are feeds instead. */
  constructor(add: (name: string, tensor: TensorProto) => void, dynamic: DynamicShapes | undefined) {
    this.add = add
    this.dynamic = dynamic
  }

  int64(values: readonly (number | bigint)[]): string {
    return this.nameOf(BigInt64Array.from(values, BigInt), [values.length])
  }

  float32(values: readonly number[], shape: Shape = [values.length]): string {
    return this.nameOf(Float32Array.from(values), shape)
  }

  shape(shape: Shape): string {
    return shape.length > 0 && this.dynamic !== undefined ? this.dynamic.nameOf(shape) : this.int64(shape)
  }

  constant({ data, shape }: Attributes["Constant"]): string {
    return this.nameOf(typeof data === "number" ? new Float32Array(elementCount(shape)).fill(data) : data, shape)
  }

  /** The name of the stored constant with this content. */
  private nameOf(data: Float32Array | BigInt64Array, shape: Shape): string {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const content = `${data.constructor.name}${printShape(shape)}${bytes.toString("base64")}`
    const known = this.names.get(content)
    if (known !== undefined) return known
    const name = `Constant:${this.names.size}:stored`
    this.add(name, inlineTensor(name, shape, data))
    this.names.set(content, name)
    return name
  }
}
