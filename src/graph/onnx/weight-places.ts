/**
 * How a model names files that lie anywhere on the machine.
 *
 * ONNX Runtime refuses an absolute location and one that leads out of the folder it is given
 * (`session.model_external_initializers_file_folder_path`). So the folder is the root of the file system, and a location is the
 * path without it: "/" on POSIX, "D:\" or "\\server\share\" on Windows. A session has one folder; where weights lie on several
 * drives it is the one that holds most of their bytes, and files on the others are handed over as bytes under made-up locations.
 */
import type { PlatformPath } from "node:path"

export interface WeightFile {
  /** Absolute path. */
  readonly file: string
  readonly lengthBytes: number
}

export interface WeightPlaces {
  /** What the session is given as its folder. */
  readonly folder: string
  readonly locationOf: (file: string) => string
  /** Files outside the folder, by their locations. */
  readonly outside: ReadonlyMap<string, string>
}

// Drive letters and servers are the same in either case.
const isSameRoot = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The root that holds most bytes; the first of equals. */
const mainRoot = (weights: readonly WeightFile[], path: PlatformPath): string | undefined => {
  const bytes = new Map<string, { readonly root: string; bytes: number }>()
  for (const { file, lengthBytes } of weights) {
    const { root } = path.parse(file)
    const sum = bytes.get(root.toLowerCase()) ?? { root, bytes: 0 }
    sum.bytes += lengthBytes
    bytes.set(root.toLowerCase(), sum)
  }
  return [...bytes.values()].reduce<{ root: string; bytes: number } | undefined>(
    (most, one) => (most === undefined || one.bytes > most.bytes ? one : most),
    undefined,
  )?.root
}

/** `path`: of the system that the files lie on. */
export const weightPlaces = (weights: readonly WeightFile[], path: PlatformPath): WeightPlaces => {
  const folder = mainRoot(weights, path) ?? path.sep
  const locations = new Map<string, string>()
  const outside = new Map<string, string>()
  for (const { file } of weights) {
    if (locations.has(file)) continue
    const { root } = path.parse(file)
    const isInside = isSameRoot(root, folder)
    const location = isInside
      ? file
          .slice(root.length)
          .replace(/^[\\/]+/, "")
          .replaceAll(path.sep, "/")
      : `outside/${outside.size}`
    locations.set(file, location)
    if (!isInside) outside.set(location, file)
  }
  return { folder, outside, locationOf: (file) => locations.get(file)! }
}
