/** Whose code threw something: the place in a file that is neither Loom's, nor a package's, nor Node's. */
import { resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** Where Loom's own files lie: all of the sources, or the one folder of what was built of them. */
const own = import.meta.filename.endsWith(".ts") ? resolve(import.meta.dirname, "../..") : import.meta.dirname

const isForeign = (file: string): boolean => !/[\\/]node_modules[\\/]/.test(file) && !file.startsWith(`${own}${sep}`)

const pathOf = (address: string): string => {
  try {
    return fileURLToPath(address)
  } catch {
    return address
  }
}

/** "at run (file:///home/ada/dog.ts:5:12)" as the file and its line. */
const frame = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:\\)[^\n]*?):(\d+):\d+\)?$/gm

/** "/home/ada/dog.ts:5", the innermost such place that a thrown value knows; undefined where it knows none. */
export const foreignPlace = (thrown: unknown): string | undefined => {
  if (!(thrown instanceof Error)) return undefined
  for (const [, address = "", line] of (thrown.stack ?? "").matchAll(frame)) {
    const file = address.startsWith("file://") ? pathOf(address) : address
    if (isForeign(file)) return `${file}:${line}`
  }
  return undefined
}

/** The words of whatever was thrown. */
export const wordsOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.message === "" ? thrown.name : thrown.message
}
