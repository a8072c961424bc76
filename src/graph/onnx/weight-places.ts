/**
 * How a model names files that lie anywhere on the machine.
 *
 * ONNX Runtime refuses an absolute location and one that leads out of the folder it is given
 * (`session.model_external_initializers_file_folder_path`). So the folder is the root of the file system, and a location is the
 * path without it: "/" on POSIX, "D:\" or "\\server\share\" on Windows. A session has one folder, and it reads either all files by
 * itself or none: where weights lie on several drives, the bytes of all are handed over.
 */
import type { PlatformPath } from "node:path"

export interface WeightPlaces {
  /** What the session is given as its folder. */
  readonly folder: string
  readonly locationOf: (file: string) => string
  /** Files whose bytes the session is given, by their locations: all of them where one folder does not hold them, else none. */
  readonly handedOver: ReadonlyMap<string, string>
}

// Drive letters and servers are the same in either case.
const isSameRoot = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** `files`: absolute paths. `path`: of the system that they lie on. */
export const weightPlaces = (files: Iterable<string>, path: PlatformPath): WeightPlaces => {
  const all = new Set(files)
  const [first = path.sep] = all
  const folder = path.parse(first).root
  const locations = new Map<string, string>()
  let outside = 0
  for (const file of all) {
    const { root } = path.parse(file)
    const isInside = isSameRoot(root, folder)
    const location = isInside
      ? file
          .slice(root.length)
          .replace(path.sep === "/" ? /^\/+/ : /^[\\/]+/, "")
          .replaceAll(path.sep, "/")
      : `outside/${outside++}`
    locations.set(file, location)
  }
  const handedOver = new Map(outside === 0 ? [] : [...locations].map(([file, location]) => [location, file] as const))
  return { folder, handedOver, locationOf: (file) => locations.get(file)! }
}
