/**
 * Safetensors files being written: what lies where follows from names, dtypes and shapes alone, so that a file is written piece
 * by piece, and one of many gigabytes takes no more memory than its largest tensor.
 *
 * Tensors lie in the format's own order (dtype, then name), metadata keys are sorted: equal content gives equal bytes, and the
 * same bytes as Python's writer when that writes at most one metadata key.
 */
import { Effect, Stream } from "effect"
import { BadFile } from "./bad-file.ts"
import { narrow } from "./narrow-floats.ts"
import { lengthPrefixBytes } from "./safetensors-header.ts"
import { alignmentRank, bitsPerElement, type StoredDType, type TensorValues } from "./stored-dtype.ts"

/** What a tensor is, without its elements. */
export interface TensorForm {
  readonly dtype: StoredDType
  readonly shape: readonly number[]
}

/** float32 values are narrowed when `dtype` is F16 or BF16. */
export interface TensorToStore extends TensorForm {
  /** The elements, or their bytes. */
  readonly data: TensorValues
}

/** A tensor whose elements are fetched when their turn comes. */
export interface TensorToCome extends TensorForm {
  readonly data: Effect.Effect<TensorValues, BadFile>
}

export type Metadata = Readonly<Record<string, string>>

const encoder = new TextEncoder()

const sizeOf = ({ dtype, shape }: TensorForm): number =>
  (shape.reduce((product, size) => product * size, 1) * bitsPerElement[dtype]) / 8

const bytesToStore = (name: string, { dtype, shape }: TensorForm, data: TensorValues): Uint8Array => {
  const narrows = data instanceof Float32Array && (dtype === "F16" || dtype === "BF16")
  const { buffer, byteOffset, byteLength } = narrows ? narrow(dtype, data) : data
  const needed = sizeOf({ dtype, shape })
  if (byteLength !== needed) {
    const reason = `cannot be written: "${name}" is ${dtype} [${shape.join(", ")}], ${needed} bytes, but holds ${byteLength}`
    throw new BadFile({ file: "safetensors data", reason, hint: "Give the tensor the shape of its data" })
  }
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The tensors in the order they are written, the bytes before the first of them, and how many bytes there are after those. */
const planned = <T extends TensorForm>(tensors: ReadonlyMap<string, T>, metadata: Metadata) => {
  const inOrder = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      alignmentRank(b.dtype) - alignmentRank(a.dtype) || Buffer.compare(encoder.encode(nameA), encoder.encode(nameB)),
  )
  const described: string[] = []
  const keys = Object.keys(metadata).sort()
  if (keys.length > 0) {
    described.push(
      `"__metadata__":{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join()}}`,
    )
  }
  let end = 0
  for (const [name, tensor] of inOrder) {
    const start = end
    end += sizeOf(tensor)
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [start, end] }
    described.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
  }
  return { inOrder, head: headOf(`{${described.join()}}`), dataBytes: end }
}

/** The length of the header, and the header, filled up with spaces to a multiple of 8 bytes. */
const headOf = (text: string): Uint8Array<ArrayBuffer> => {
  const json = encoder.encode(text)
  const headerBytes = Math.ceil(json.length / 8) * 8
  const head = new Uint8Array(lengthPrefixBytes + headerBytes).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true)
  head.set(json, lengthPrefixBytes)
  return head
}

/** The bytes of a small file. Deterministic: neither the order of tensors nor of metadata keys matters. */
export const encodeSafetensors = (
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> => {
  const { inOrder, head, dataBytes } = planned(tensors, metadata)
  const file = new Uint8Array(head.length + dataBytes)
  file.set(head)
  let at = head.length
  for (const [name, tensor] of inOrder) {
    const bytes = bytesToStore(name, tensor, tensor.data)
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

/** A file in pieces: what stands before the tensors, and then one piece for each tensor. */
export interface SafetensorsPieces {
  readonly head: Uint8Array<ArrayBuffer>
  readonly data: Stream.Stream<Uint8Array, BadFile>
}

/** The same bytes as `encodeSafetensors`, each tensor fetched when its turn comes, as often as the pieces are asked for. */
export const safetensorsPieces = (
  tensors: ReadonlyMap<string, TensorToCome>,
  metadata: Metadata = {},
): SafetensorsPieces => {
  const { inOrder, head } = planned(tensors, metadata)
  const data = Stream.fromIterable(inOrder).pipe(
    Stream.mapEffect(([name, tensor]) => Effect.map(tensor.data, (values) => bytesToStore(name, tensor, values))),
  )
  return { head, data }
}

/** All pieces in order. */
export const wholeOf = ({ head, data }: SafetensorsPieces): Stream.Stream<Uint8Array, BadFile> =>
  Stream.concat(Stream.succeed<Uint8Array>(head), data)
