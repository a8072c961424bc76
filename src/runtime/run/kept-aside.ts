/**
 * What is in the way of a file that is to be written, and how it is kept: under "name (kept 1).ext" beside it, never written over.
 */
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { moveFile, removeFile } from "../storage/move-file.ts"

/** `aside`: where it is now. */
export interface Kept {
  readonly what: "file" | "folder" | "link" | "no file"
  readonly path: string
  readonly aside: string
}

/** What lies at a path, a link as itself; undefined: nothing. */
export const lyingAt = async (place: string): Promise<Kept["what"] | undefined> => {
  const found = await fs.lstat(place).catch(() => undefined)
  return found === undefined ? undefined : kindOf(found)
}

const kindOf = (found: Stats): Kept["what"] => {
  if (found.isSymbolicLink()) return "link"
  if (found.isDirectory()) return "folder"
  return found.isFile() ? "file" : "no file"
}

/** Makes the folders above a path of `folder`; what lies there and is none, a link to nowhere too, is kept aside. */
export const makeRoomFor = async (folder: string, file: string): Promise<readonly Kept[]> => {
  const parts = path.relative(folder, path.dirname(file)).split(path.sep)
  const kept: Kept[] = []
  await fs.mkdir(folder, { recursive: true })
  for (const depth of parts.keys()) {
    const above = path.join(folder, ...parts.slice(0, depth + 1))
    if (await isFolder(above)) continue
    const what = await lyingAt(above)
    if (what !== undefined) kept.push(...(await keepAside(what, above)))
    await fs.mkdir(above, { recursive: true })
  }
  return kept
}

const isFolder = async (place: string): Promise<boolean> =>
  (await fs.stat(place).catch(() => undefined))?.isDirectory() ?? false

/** Moves something aside; none: somebody else has taken it away by now. */
export const keepAside = async (what: Kept["what"], place: string): Promise<readonly Kept[]> => {
  const { dir, name, ext } = path.parse(place)
  for (let number = 1; ; number++) {
    const aside = path.join(dir, `${name} (kept ${number})${ext}`)
    const moved = await (what === "folder" ? moveFolder(place, aside) : moveOver(place, aside))
    if (moved === "done") return [{ what, path: place, aside }]
    if (moved === "gone") return []
  }
}

type Moved = "done" | "gone" | "taken"

const codeOf = (cause: unknown): unknown => (cause as NodeJS.ErrnoException | undefined)?.code

/** The name is taken with an empty file first, so that two who keep something at once do not take the same one. */
const moveOver = async (from: string, to: string): Promise<Moved> => {
  try {
    await (await fs.open(to, "wx")).close()
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return "taken"
    throw cause
  }
  try {
    await moveFile(from, to)
    return "done"
  } catch (cause) {
    await removeFile(to)
    if (codeOf(cause) === "ENOENT") return "gone"
    throw cause
  }
}

const moveFolder = async (from: string, to: string): Promise<Moved> => {
  if ((await lyingAt(to)) !== undefined) return "taken"
  try {
    await moveFile(from, to)
    return "done"
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "gone"
    if (codeOf(cause) === "ENOTEMPTY" || codeOf(cause) === "EEXIST") return "taken"
    throw cause
  }
}
