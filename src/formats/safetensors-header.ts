/**
 * The header of a safetensors file: 8 bytes of length (little-endian), then JSON that names every tensor.
 *
 * Parsing is strict, as the format's own reader is: known dtypes, shape × dtype = length, and the tensors tile the
 * data section exactly, so that a file cut off or glued together is noticed before a weight of it is used.
 * Each refusal is a `BadFile` with a sentence. Source: https://huggingface.co/docs/safetensors, `tensor.rs` 0.8.
 */
import { BadFile } from "./bad-file.ts"
import { lookalikeOf } from "./lookalike.ts"
import { bitsPerElement, isStoredDType, type StoredDType } from "./stored-dtype.ts"

export interface TensorEntry {
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** Counted from the start of the file. */
  readonly offsetBytes: number
  readonly lengthBytes: number
}

export interface SafetensorsHeader {
  readonly file: string
  /** Where the header ends and the tensors begin. */
  readonly dataStartBytes: number
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

export const lengthPrefixBytes = 8
/** The limit of the format's own reader. */
const maximalHeaderBytes = 100_000_000

const damaged = "Copy or download the file again, or make it anew"

/** Only called once the length makes no sense: a true length can begin with any byte. */
const refuseLookalike = (file: string, start: Uint8Array): void => {
  const instead = lookalikeOf(new TextDecoder("latin1").decode(start))
  if (instead !== undefined) throw new BadFile({ file, ...instead })
}

const inBytes = (count: number): string => (count === 1 ? "1 byte" : `${count} bytes`)

/** The header's length in bytes, from the first bytes of the file (up to 32 of them help to name a wrong file). */
export const headerLengthOf = (file: string, start: Uint8Array, fileSizeBytes: number): number => {
  if (start.length < lengthPrefixBytes) {
    const reason = `is ${inBytes(start.length)} long, too short for a safetensors file`
    throw new BadFile({ file, reason, hint: damaged })
  }
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true))
  const following = fileSizeBytes - lengthPrefixBytes
  if (length <= following && length <= maximalHeaderBytes) return length
  refuseLookalike(file, start)
  const reason =
    length > following
      ? `announces a header of ${inBytes(length)}, but only ${inBytes(following)} follow`
      : `announces a header of ${inBytes(length)}, more than any true one`
  throw new BadFile({ file, reason, hint: `It is cut off or no safetensors file. ${damaged}` })
}

const parseJson = (file: string, bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes))
    if (isRecord(value)) return value
  } catch {
    // The same sentence serves for bytes that are no UTF-8, no JSON, or JSON but no object.
  }
  throw new BadFile({ file, reason: "has a header that is not a JSON object", hint: damaged })
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const metadataOf = (file: string, value: unknown): Readonly<Record<string, string>> => {
  if (value === undefined) return {}
  if (isRecord(value) && Object.values(value).every((item) => typeof item === "string")) {
    return value as Readonly<Record<string, string>>
  }
  throw new BadFile({ file, reason: "has metadata that is not a table of texts", hint: damaged })
}

/** One entry, offsets still counted from the start of the data section. */
const entryOf = (file: string, name: string, value: unknown): TensorEntry => {
  const refuse = (reason: string): never => {
    throw new BadFile({ file, reason: `describes the tensor "${name}" wrongly: ${reason}`, hint: damaged })
  }
  if (!isRecord(value)) return refuse("the description is not an object")
  const { dtype, shape, data_offsets: offsets } = value as Readonly<Record<"dtype" | "shape" | "data_offsets", unknown>>
  if (!isStoredDType(dtype)) return refuse(`its dtype ${JSON.stringify(dtype)} is unknown`)
  if (!Array.isArray(shape) || !shape.every(isCount)) return refuse("its shape is not a list of sizes")
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) return refuse("it has no two offsets")
  const [begin, end] = offsets as [number, number]
  if (begin > end) return refuse(`it ends (${end}) before it begins (${begin})`)
  const needed = (shape.reduce((product, size) => product * size, 1) * bitsPerElement[dtype]) / 8
  if (needed !== end - begin) {
    return refuse(`${dtype} [${shape.join(", ")}] takes ${inBytes(needed)}, but ${end - begin} are set aside`)
  }
  return { dtype, shape, offsetBytes: begin, lengthBytes: end - begin }
}

/** The tensors must tile the data section: no overlap, no hole, nothing after the last. */
const checkTiling = (file: string, tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number): void => {
  const refuse = (reason: string, hint = damaged): never => {
    throw new BadFile({ file, reason, hint })
  }
  const inOrder = [...tensors].sort(
    ([, a], [, b]) => a.offsetBytes - b.offsetBytes || a.lengthBytes - b.lengthBytes || 0,
  )
  let reached = 0
  for (const [name, { offsetBytes, lengthBytes }] of inOrder) {
    if (offsetBytes + lengthBytes > dataBytes) {
      refuse(`ends before the tensor "${name}" does`, `It is cut off. ${damaged}`)
    }
    if (offsetBytes < reached) refuse(`lets the tensor "${name}" overlap the one before it`)
    if (offsetBytes > reached) refuse(`has ${inBytes(offsetBytes - reached)} before "${name}" that belong to no tensor`)
    reached = offsetBytes + lengthBytes
  }
  if (reached < dataBytes) refuse(`has ${inBytes(dataBytes - reached)} at its end that belong to no tensor`)
}

/** The header from its JSON bytes. */
export const parseHeader = (file: string, json: Uint8Array, fileSizeBytes: number): SafetensorsHeader => {
  const { __metadata__: metadata, ...entries } = parseJson(file, json)
  const dataStartBytes = lengthPrefixBytes + json.length
  const relative = new Map(Object.entries(entries).map(([name, value]) => [name, entryOf(file, name, value)]))
  checkTiling(file, relative, fileSizeBytes - dataStartBytes)
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of relative) {
    tensors.set(name, { ...entry, offsetBytes: entry.offsetBytes + dataStartBytes })
  }
  return { file, dataStartBytes, tensors, metadata: metadataOf(file, metadata) }
}
