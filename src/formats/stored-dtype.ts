/**
 * The element types a safetensors file may hold, with their width in bits and the typed array they are read into.
 *
 * The order of the list is the format's own order of alignment (`enum Dtype` in safetensors' `tensor.rs`, 0.8): its
 * writer lays tensors out by descending place in this list, then by name, and so does ours.
 * Bytes are little-endian, as is every machine Node runs on that this project supports.
 */
import { widen } from "./narrow-floats.ts"

export const bitsPerElement = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const

export type StoredDType = keyof typeof bitsPerElement

const order = Object.keys(bitsPerElement)

export const isStoredDType = (value: unknown): value is StoredDType =>
  typeof value === "string" && Object.hasOwn(bitsPerElement, value)

/** Place in the format's order of alignment. */
export const alignmentRank = (dtype: StoredDType): number => order.indexOf(dtype)

/** What a tensor's bytes become. Narrow floats widen to float32; packed and complex types stay bytes. */
export type TensorValues =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

/** The values of a tensor without loss. `bytes` must begin at the start of its own buffer (alignment). */
export const valuesOf = (dtype: StoredDType, bytes: Uint8Array<ArrayBuffer>): TensorValues => {
  const { buffer, byteOffset } = bytes
  const count = bytes.byteLength / (bitsPerElement[dtype] / 8)
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count)
    case "F64":
      return new Float64Array(buffer, byteOffset, count)
    case "F16":
    case "BF16":
      return widen(dtype, new Uint16Array(buffer, byteOffset, count))
    case "F8_E4M3":
    case "F8_E5M2":
      return widen(dtype, bytes)
    case "I64":
      return new BigInt64Array(buffer, byteOffset, count)
    case "U64":
      return new BigUint64Array(buffer, byteOffset, count)
    case "I32":
      return new Int32Array(buffer, byteOffset, count)
    case "U32":
      return new Uint32Array(buffer, byteOffset, count)
    case "I16":
      return new Int16Array(buffer, byteOffset, count)
    case "U16":
      return new Uint16Array(buffer, byteOffset, count)
    case "I8":
      return new Int8Array(buffer, byteOffset, count)
    case "U8":
    case "BOOL":
    case "F4":
    case "F6_E2M3":
    case "F6_E3M2":
    case "F8_E8M0":
    case "C64":
      return bytes
  }
}

const opaque: ReadonlySet<StoredDType> = new Set(["F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "C64"])

/** The values as float32 (float64 and wide integers are rounded), or `null` for packed and complex types. */
export const float32Of = (dtype: StoredDType, bytes: Uint8Array<ArrayBuffer>): Float32Array | null => {
  if (opaque.has(dtype)) return null
  const values = valuesOf(dtype, bytes)
  if (values instanceof Float32Array) return values
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float32Array.from(values, Number)
    : Float32Array.from(values)
}
