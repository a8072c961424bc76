/**
 * Bytes of files of any size: Node reads less than 2 GiB in one call, so more are read in several.
 *
 * What is no file is a `BadFile`; otherwise functions throw what Node throws.
 */
import { type FileHandle, open, stat } from "node:fs/promises"
import { BadFile } from "./bad-file.ts"

const bytesPerCall = 2 ** 30

/** Fills `target` from `position` on; gives how many bytes there were. */
export const readInto = async (handle: FileHandle, target: Uint8Array, position: number): Promise<number> => {
  let done = 0
  while (done < target.length) {
    const chunk = Math.min(bytesPerCall, target.length - done)
    const { bytesRead } = await handle.read(target, done, chunk, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

/** `length` bytes from `position`, or fewer where the file ends; and how many the file has. */
export const readBytes = async (file: string, position: number, length: number) => {
  const found = await stat(file)
  // Windows opens a folder as if it were an empty file.
  if (found.isDirectory()) throw new BadFile({ file, reason: "is a folder", hint: "Name the file inside it" })
  // Opening a pipe waits for somebody to write into it.
  if (!found.isFile()) throw new BadFile({ file, reason: "is not a file", hint: "Name a file" })
  await using handle = await open(file, "r")
  const { size } = await handle.stat()
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)))
  return { bytes: bytes.subarray(0, await readInto(handle, bytes, position)), size }
}
