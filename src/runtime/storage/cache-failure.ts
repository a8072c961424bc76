/**
 * Failures of the cache folder and its database. Where this user may not write, the sentence says whose the cache is.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { isRefusal, StorageFailure, storageFailure } from "../model/storage-failure.ts"

/** What Node or SQLite threw at a file of the cache, in words. */
export const cacheFailure = (what: string, where: string, cause: unknown): StorageFailure => {
  const failure = storageFailure(what, where, cause)
  const code = String((cause as { code?: unknown } | undefined)?.code)
  if (cause instanceof StorageFailure || !isRefusal(cause) || code === "EROFS") return failure
  const owner = ownerOf(where)
  if (owner === undefined || owner.uid === os.userInfo().uid) return failure
  return new StorageFailure({
    what,
    where,
    why: `${failure.why}; it belongs to ${owner.name}`,
    hint: `Give a cache folder of your own with --cache. To share this one, ${owner.name} sets umask 002 and makes the folder and all in it writable for a group that both of you are in.`,
  })
}

/** Whose the nearest existing file or folder is; undefined on Windows, whose files have no such number. */
const ownerOf = (file: string): { readonly uid: number; readonly name: string } | undefined => {
  if (process.platform === "win32") return undefined
  const stat = statOf(file)
  if (stat === undefined) return path.dirname(file) === file ? undefined : ownerOf(path.dirname(file))
  return { uid: stat.uid, name: nameOf(stat.uid) }
}

const statOf = (file: string): fs.Stats | undefined => {
  try {
    return fs.statSync(file)
  } catch {
    return undefined
  }
}

const nameOf = (uid: number): string => {
  try {
    const lines = fs.readFileSync("/etc/passwd", "utf8").split("\n")
    const fields = lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid))
    return fields?.[0] ?? `user ${uid}`
  } catch {
    return `user ${uid}`
  }
}
