/**
 * Safetensors files: the header is read first and alone, tensors one by one when somebody asks for them.
 *
 * Reading a file is an Effect that fails with `BadFile`; decoding bytes in memory is a plain function that throws it.
 * Writing is a pure function of its input: tensors in the format's own order (dtype, then name), metadata keys sorted,
 * so equal content gives equal bytes, and the same bytes as Python's writer when that writes at most one metadata key.
 */
import { open } from "node:fs/promises"
import { Effect } from "effect"
import { BadFile } from "./bad-file.ts"
import { narrow } from "./narrow-floats.ts"
import { headerLengthOf, lengthPrefixBytes, parseHeader, type SafetensorsHeader } from "./safetensors-header.ts"
import {
  alignmentRank,
  bitsPerElement,
  float32Of,
  type StoredDType,
  type TensorValues,
  valuesOf,
} from "./stored-dtype.ts"

export type { SafetensorsHeader, TensorEntry } from "./safetensors-header.ts"
export type { StoredDType, TensorValues } from "./stored-dtype.ts"

/** Node reads at most 2 GiB in one call. */
const maximalReadBytes = 2 ** 30

const unreadable = (file: string, cause: unknown): BadFile => {
  if (cause instanceof BadFile) return cause
  const code = (cause as { readonly code?: unknown } | null)?.code
  if (code === "ENOENT") return new BadFile({ file, reason: "does not exist", hint: "Check the path" })
  if (code === "EISDIR") return new BadFile({ file, reason: "is a folder", hint: "Name the file inside it" })
  return new BadFile({ file, reason: `cannot be read (${code ?? String(cause)})`, hint: "Check its permissions" })
}

/** `length` bytes from `position`, or fewer where the file ends. */
const readBytes = async (file: string, position: number, length: number) => {
  await using handle = await open(file, "r")
  const { size } = await handle.stat()
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)))
  let done = 0
  while (done < bytes.length) {
    const chunk = Math.min(maximalReadBytes, bytes.length - done)
    const { bytesRead } = await handle.read(bytes, done, chunk, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return { bytes: bytes.subarray(0, done), size }
}

/** Reads and checks the header; no tensor is read. */
export const readSafetensorsHeader = (file: string): Effect.Effect<SafetensorsHeader, BadFile> =>
  Effect.tryPromise({
    try: async () => {
      const { bytes: start, size } = await readBytes(file, 0, 32)
      const length = headerLengthOf(file, start, size)
      const { bytes: json } = await readBytes(file, lengthPrefixBytes, length)
      return parseHeader(file, json, size)
    },
    catch: (cause) => unreadable(file, cause),
  })

const entryNamed = (header: SafetensorsHeader, name: string) => {
  const entry = header.tensors.get(name)
  if (entry) return entry
  const [example] = header.tensors.keys()
  throw new BadFile({
    file: header.file,
    reason: `has no tensor called "${name}"`,
    hint: example ? `It holds ${header.tensors.size} tensors, "${example}" among them` : "It holds no tensors",
  })
}

/** The bytes of one tensor as they lie in the file. */
export const readTensorBytes = (
  header: SafetensorsHeader,
  name: string,
): Effect.Effect<Uint8Array<ArrayBuffer>, BadFile> =>
  Effect.tryPromise({
    try: async () => {
      const { offsetBytes, lengthBytes } = entryNamed(header, name)
      const { bytes } = await readBytes(header.file, offsetBytes, lengthBytes)
      if (bytes.length === lengthBytes) return bytes
      const reason = `has become shorter since it was opened: "${name}" is no longer whole`
      throw new BadFile({
        file: header.file,
        reason,
        hint: "Leave the file alone while it is in use, and start again",
      })
    },
    catch: (cause) => unreadable(header.file, cause),
  })

/** The values of one tensor without loss: floats of 8 and 16 bits as float32, everything else as it is stored. */
export const readTensor = (header: SafetensorsHeader, name: string): Effect.Effect<TensorValues, BadFile> =>
  Effect.map(readTensorBytes(header, name), (bytes) => valuesOf(entryNamed(header, name).dtype, bytes))

const asFloat32 = (header: SafetensorsHeader, name: string, bytes: Uint8Array<ArrayBuffer>): Float32Array => {
  const { dtype } = entryNamed(header, name)
  const values = float32Of(dtype, bytes)
  if (values) return values
  const reason = `stores "${name}" as ${dtype}, which has no plain numbers`
  throw new BadFile({ file: header.file, reason, hint: "Use a version of the file in F32, F16 or BF16" })
}

/** The values of one tensor as float32, whatever number type it is stored in. */
export const readTensorAsFloat32 = (header: SafetensorsHeader, name: string): Effect.Effect<Float32Array, BadFile> =>
  Effect.flatMap(readTensorBytes(header, name), (bytes) =>
    Effect.try({
      try: () => asFloat32(header, name, bytes),
      catch: (cause) => unreadable(header.file, cause),
    }),
  )

/** A safetensors file in memory. Its readers throw `BadFile`. */
export interface SafetensorsInMemory {
  readonly header: SafetensorsHeader
  readonly bytesOf: (name: string) => Uint8Array<ArrayBuffer>
  readonly values: (name: string) => TensorValues
  readonly float32: (name: string) => Float32Array
}

/** Opens bytes as a safetensors file; throws `BadFile`. `file` is the name used in errors. */
export const decodeSafetensors = (bytes: Uint8Array, file = "safetensors data"): SafetensorsInMemory => {
  const length = headerLengthOf(file, bytes.subarray(0, 32), bytes.length)
  const json = bytes.subarray(lengthPrefixBytes, lengthPrefixBytes + length)
  const header = parseHeader(file, json, bytes.length)
  // A copy, so that typed arrays over it are aligned wherever the tensor lies in the file.
  const bytesOf = (name: string) => {
    const { offsetBytes, lengthBytes } = entryNamed(header, name)
    return new Uint8Array(bytes.subarray(offsetBytes, offsetBytes + lengthBytes))
  }
  return {
    header,
    bytesOf,
    values: (name) => valuesOf(entryNamed(header, name).dtype, bytesOf(name)),
    float32: (name) => asFloat32(header, name, bytesOf(name)),
  }
}

export interface TensorToStore {
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** The elements, or their bytes. float32 values are narrowed when `dtype` is F16 or BF16. */
  readonly data: TensorValues
}

const bytesToStore = (name: string, { dtype, shape, data }: TensorToStore): Uint8Array => {
  const narrows = data instanceof Float32Array && (dtype === "F16" || dtype === "BF16")
  const { buffer, byteOffset, byteLength } = narrows ? narrow(dtype, data) : data
  const needed = (shape.reduce((product, size) => product * size, 1) * bitsPerElement[dtype]) / 8
  if (byteLength !== needed) {
    const reason = `cannot be written: "${name}" is ${dtype} [${shape.join(", ")}], ${needed} bytes, but holds ${byteLength}`
    throw new BadFile({ file: "safetensors data", reason, hint: "Give the tensor the shape of its data" })
  }
  return new Uint8Array(buffer, byteOffset, byteLength)
}

const encoder = new TextEncoder()

/** The bytes of a safetensors file. Deterministic: neither the order of tensors nor of metadata keys matters. */
export const encodeSafetensors = (
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> => {
  const inOrder = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      alignmentRank(b.dtype) - alignmentRank(a.dtype) || Buffer.compare(encoder.encode(nameA), encoder.encode(nameB)),
  )
  const parts: (readonly [offset: number, bytes: Uint8Array])[] = []
  const described: string[] = []
  if (Object.keys(metadata).length > 0) {
    const sorted = Object.keys(metadata).sort()
    described.push(
      `"__metadata__":{${sorted.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join()}}`,
    )
  }
  let end = 0
  for (const [name, tensor] of inOrder) {
    const bytes = bytesToStore(name, tensor)
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [end, end + bytes.length] }
    described.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
    parts.push([end, bytes])
    end += bytes.length
  }
  const json = encoder.encode(`{${described.join()}}`)
  const headerBytes = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(lengthPrefixBytes + headerBytes + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.fill(0x20, lengthPrefixBytes, lengthPrefixBytes + headerBytes)
  file.set(json, lengthPrefixBytes)
  for (const [offset, bytes] of parts) file.set(bytes, lengthPrefixBytes + headerBytes + offset)
  return file
}
