/**
 * Small pieces of ONNX protobuf: types, attributes, tensors with their data inside or in a user's file.
 */
import { create } from "@bufbuild/protobuf"
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf"
import type { DType, Shape, TensorType } from "../tensor.ts"

export const onnxDType: { readonly [D in DType]: TensorProto_DataType } = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
}

export const dtypeBytes: { readonly [D in DType]: number } = { float32: 4, float16: 2, bfloat16: 2, int64: 8, bool: 1 }

/** Where a frozen weight lies in a user's file. */
export interface WeightLocation {
  /** Absolute path. */
  readonly file: string
  readonly offsetBytes: number
  readonly lengthBytes: number
  readonly dtype: DType
}

const dimensions = (shape: Shape): bigint[] => shape.map((extent) => BigInt(extent))

export const valueInfo = (name: string, { shape, dtype }: TensorType): ValueInfoProto => {
  const dim = dimensions(shape).map((value) => ({ value: { case: "dimValue" as const, value } }))
  const tensorType = { elemType: onnxDType[dtype], shape: { dim } }
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: tensorType } } })
}

/** A feed or result of which nothing but the type of its values is known. */
export const shapelessInfo = (name: string, dtype: DType): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: onnxDType[dtype] } } },
  })

/** A feed of int64 values, nobody says how many: a shape of which not even the rank is known. */
export const unknownShapeInfo = (name: string): ValueInfoProto => {
  const tensorType = { elemType: TensorProto_DataType.INT64, shape: { dim: [{ value: { case: undefined } }] } }
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: tensorType } } })
}

const littleEndianBytes = (data: Float32Array | BigInt64Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer)

export const inlineTensor = (name: string, shape: Shape, data: Float32Array | BigInt64Array): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: dimensions(shape),
    dataType: data instanceof BigInt64Array ? TensorProto_DataType.INT64 : TensorProto_DataType.FLOAT,
    rawData: littleEndianBytes(data),
  })

/** A weight in a file; `location` is the file's name for ONNX Runtime, see weight-places.ts. */
export const externalTensor = (name: string, shape: Shape, weight: WeightLocation, location: string): TensorProto => {
  const entries = { location, offset: String(weight.offsetBytes), length: String(weight.lengthBytes) }
  return create(TensorProtoSchema, {
    name,
    dims: dimensions(shape),
    dataType: onnxDType[weight.dtype],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  })
}

export const int = (name: string, value: number | boolean): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) })

export const ints = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) })

export const float = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value })

export const text = (name: string, value: string): AttributeProto =>
  create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.STRING,
    s: new TextEncoder().encode(value),
  })

export const tensorAttribute = (name: string, t: TensorProto): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.TENSOR, t })
