/**
 * What tells one state of a file from another without reading it: size, times in nanoseconds and, where it is steady, the inode.
 *
 * A stamp says nothing while a further write could leave the same one ("racy" files, as git calls them). How long that may still be depends on
 * the clock that stamps. On a local disk it is this machine's, and a time in its future is none that a write could leave now. A share is stamped by
 * another clock, of which is known only what it has shown: it is no earlier than the latest stamp seen there, and goes on from that.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { FileSystem } from "./file-system.ts"

export interface FileStamp {
  readonly sizeBytes: number
  /** Modification time, change time, inode; "-" for what means nothing there. */
  readonly stamp: string
  /** How long a write could still leave this stamp. */
  readonly racyForMs: number
}

/** Whether a remembered stamp is that of now; an inode that was found unsteady is left out. */
export const isSameStamp = (known: string, now: string): boolean => {
  if (known === now) return true
  const [times, inode] = partsOf(known)
  return inode === "-" && times === partsOf(now)[0]
}

/** Whether nothing but the inode is new, as it is after each mount of some file systems. */
export const differsInInode = (known: string, now: string): boolean =>
  known !== now && partsOf(known)[0] === partsOf(now)[0]

export const withoutInode = (stamp: string): string => `${partsOf(stamp)[0]} -`

const partsOf = (stamp: string): readonly [times: string, inode: string] => {
  const end = stamp.lastIndexOf(" ")
  return [stamp.slice(0, end), stamp.slice(end + 1)]
}

/** Reads stamps, and learns from them what the clocks of shares show. */
export interface StampReader {
  /** Throws what Node throws, and `undefined` comes back for what is not a file. */
  readonly at: (file: string) => FileStamp | undefined
  readonly of: (handle: number, file: string) => FileStamp
}

export const makeStampReader = (fileSystemOf: (path: string) => FileSystem): StampReader => {
  const systems = new Map<bigint, FileSystem>()
  /** By device: the latest stamp seen, with what `performance.now()` said then. */
  const shown = new Map<bigint, { readonly stampMs: number; readonly atMs: number }>()

  const systemOf = (file: string, { dev }: fs.BigIntStats): FileSystem => {
    const known = systems.get(dev)
    if (known !== undefined) return known
    const found = fileSystemOf(file)
    systems.set(dev, found)
    return found
  }

  /** No later than the clock of the share is now. */
  const nowThere = ({ dev, ctimeMs }: fs.BigIntStats): number => {
    const [atMs, stampMs] = [performance.now(), Number(ctimeMs)]
    const last = shown.get(dev)
    const byLast = last === undefined ? stampMs : last.stampMs + atMs - last.atMs
    if (last === undefined || stampMs > byLast) shown.set(dev, { stampMs, atMs })
    return Math.max(stampMs, byLast)
  }

  const racyForMs = (file: string, stat: fs.BigIntStats, system: FileSystem): number => {
    const changedMs = Number(system.hasChangeTime ? stat.ctimeMs : stat.mtimeMs)
    if (system.sharing !== "local") {
      // The folder was changed with the last file that came into it, so it spares the others a wait each.
      nowThere(fs.statSync(path.dirname(file), { bigint: true }))
      return Math.max(0, changedMs + system.tickMs - nowThere(stat))
    }
    const leftMs = changedMs + system.tickMs - Date.now()
    return leftMs > 2 * system.tickMs ? 0 : Math.max(0, leftMs)
  }

  const stampOf = (file: string, stat: fs.BigIntStats): FileStamp => {
    const system = systemOf(file, stat)
    const changed = system.hasChangeTime ? stat.ctimeNs : "-"
    // Not the device number: it may change with each start of the machine.
    const inode = system.hasSteadyInodes ? stat.ino : "-"
    const stamp = `${stat.mtimeNs} ${changed} ${inode}`
    return { sizeBytes: Number(stat.size), stamp, racyForMs: racyForMs(file, stat, system) }
  }

  const at = (file: string): FileStamp | undefined => {
    const stat = fs.statSync(file, { bigint: true })
    if (!stat.isFile()) return undefined
    return stampOf(file, systemOf(file, stat).sharing === "local" ? stat : freshly(file))
  }

  return { at, of: (handle, file) => stampOf(file, fs.fstatSync(handle, { bigint: true })) }
}

// A share's client may tell the record of a minute ago, but asks the server when a file is opened.
const freshly = (file: string): fs.BigIntStats => {
  const handle = fs.openSync(file, "r")
  try {
    return fs.fstatSync(handle, { bigint: true })
  } finally {
    fs.closeSync(handle)
  }
}
