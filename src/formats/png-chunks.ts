/**
 * A PNG as the list of its chunks (ISO/IEC 15948, §5.3: length, type, data, CRC-32 over type and data).
 *
 * Splitting checks the signature, every length and every CRC, and that the list ends with IEND; joining writes them
 * anew. What lies in the chunks is not looked at. Throws `BadFile`.
 */
import { crc32 } from "node:zlib"
import { BadFile } from "./bad-file.ts"

export interface PngChunk {
  readonly type: string
  readonly data: Uint8Array
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

const latin1 = new TextDecoder("latin1")

const refuse = (file: string, reason: string): never => {
  throw new BadFile({ file, reason, hint: "Save the picture again" })
}

/** The chunks in order, IEND included; bytes after IEND are dropped. */
export const splitPng = (bytes: Uint8Array, file: string): readonly PngChunk[] => {
  if (signature.some((byte, i) => bytes[i] !== byte)) refuse(file, "is not a PNG")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks: PngChunk[] = []
  let position = signature.length
  while (position + 12 <= bytes.length) {
    const length = view.getUint32(position)
    const end = position + 8 + length
    if (end + 4 > bytes.length) break
    const type = latin1.decode(bytes.subarray(position + 4, position + 8))
    if (crc32(bytes.subarray(position + 4, end)) !== view.getUint32(end)) {
      refuse(file, `is damaged: the checksum of its ${JSON.stringify(type)} part is wrong`)
    }
    chunks.push({ type, data: bytes.subarray(position + 8, end) })
    if (type === "IEND") return chunks
    position = end + 4
  }
  return refuse(file, "is a PNG that is cut off")
}

export const joinPng = (chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> => {
  const size = chunks.reduce((sum, { data }) => sum + 12 + data.length, signature.length)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set(signature)
  let position = signature.length
  for (const { type, data } of chunks) {
    const end = position + 8 + data.length
    view.setUint32(position, data.length)
    for (let i = 0; i < 4; i++) bytes[position + 4 + i] = type.charCodeAt(i)
    bytes.set(data, position + 8)
    view.setUint32(end, crc32(bytes.subarray(position + 4, end)))
    position = end + 4
  }
  return bytes
}
