/**
 * Bytes of any number: Node reads, writes and hashes less than 2 GiB in one go, so nothing here does it in one go.
 *
 * Functions throw what Node throws.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import type { Sha256 } from "../model/blob.ts"

/** Far below the limit, and large enough to cost nothing. */
const pieceBytes = 2 ** 26

/** Views of the bytes, in order. */
export function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

export const digestBytes = (bytes: Uint8Array): Sha256 => {
  const hash = crypto.createHash("sha256")
  for (const piece of inPieces(bytes)) hash.update(piece)
  return hash.digest("hex") as Sha256
}

/** The whole bytes of a file. */
export const readWholeFile = async (file: string, signal: AbortSignal): Promise<Uint8Array> => {
  await using handle = await fs.promises.open(file, "r")
  const bytes = new Uint8Array((await handle.stat()).size)
  let position = 0
  for (const piece of inPieces(bytes)) {
    signal.throwIfAborted()
    let done = 0
    while (done < piece.length) {
      const { bytesRead } = await handle.read(piece, done, piece.length - done, position + done)
      if (bytesRead === 0) return bytes.subarray(0, position + done)
      done += bytesRead
    }
    position += done
  }
  return bytes
}
