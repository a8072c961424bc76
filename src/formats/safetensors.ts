/**
 * Safetensors files: the header is read first and alone, tensors one by one when somebody asks for them.
 *
 * Reading a file is an Effect that fails with `BadFile`; decoding bytes in memory is a plain function that throws it. No file is
 * read as a whole, so its size does not matter. How files are written: write-safetensors.ts.
 */
import { open } from "node:fs/promises"
import { Effect } from "effect"
import { BadFile } from "./bad-file.ts"
import { readBytes, readInto } from "./file-bytes.ts"
import { headerLengthOf, lengthPrefixBytes, parseHeader, type SafetensorsHeader } from "./safetensors-header.ts"
import { float32Of, type TensorValues, valuesOf } from "./stored-dtype.ts"

export type { SafetensorsHeader, TensorEntry } from "./safetensors-header.ts"
export type { StoredDType, TensorValues } from "./stored-dtype.ts"

const unreadable = (file: string, cause: unknown): BadFile => {
  if (cause instanceof BadFile) return cause
  const code = (cause as { readonly code?: unknown } | null)?.code
  if (code === "ENOENT") return new BadFile({ file, reason: "does not exist", hint: "Check the path" })
  return new BadFile({ file, reason: `cannot be read (${code ?? String(cause)})`, hint: "Check its permissions" })
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

const hasBecomeShorter = (file: string, name: string): BadFile =>
  new BadFile({
    file,
    reason: `has become shorter since it was opened: "${name}" is no longer whole`,
    hint: "Leave the file alone while it is in use, and start again",
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
      throw hasBecomeShorter(header.file, name)
    },
    catch: (cause) => unreadable(header.file, cause),
  })

/** Reads an F32 tensor to where its values belong; `target` has its length. */
export const readFloat32Into = (
  header: SafetensorsHeader,
  name: string,
  target: Float32Array,
): Effect.Effect<void, BadFile> =>
  Effect.tryPromise({
    try: async () => {
      const { dtype, offsetBytes, lengthBytes } = entryNamed(header, name)
      if (dtype !== "F32" || lengthBytes !== target.byteLength) {
        const reason = `holds "${name}" as ${dtype} in ${lengthBytes} bytes, not as F32 in ${target.byteLength}`
        throw new BadFile({ file: header.file, reason, hint: "Make the file anew" })
      }
      await using handle = await open(header.file, "r")
      const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
      if ((await readInto(handle, bytes, offsetBytes)) !== lengthBytes) throw hasBecomeShorter(header.file, name)
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
