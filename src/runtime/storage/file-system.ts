/**
 * What kind of file system a path lies on, as far as it matters to what is kept there: whether other machines may use the same files, whether
 * locks reach them, and which parts of a file's record can be trusted.
 *
 * Linux tells by a number (statfs(2)); elsewhere a network path of Windows is known by its form, and all else passes for a local disk.
 */
import * as fs from "node:fs"
import { Context } from "effect"

export interface FileSystem {
  readonly name: string
  /** Whether other machines may use the same files; "unlocked" where locks may not reach them. */
  readonly sharing: "local" | "shared" | "unlocked"
  /** False where a file may have another inode number after the next mount, or at the next look. */
  readonly hasSteadyInodes: boolean
  /** False where the change time is none of its own. */
  readonly hasChangeTime: boolean
  /** How long after a write another one may leave the same time stamp. */
  readonly tickMs: number
}

// The clock that stamps files ticks every 1–16 ms on local disks (15.6 ms on Windows is the coarsest); twice that and more.
const localDisk: FileSystem = {
  name: "a local disk",
  sharing: "local",
  hasSteadyInodes: true,
  hasChangeTime: true,
  tickMs: 40,
}

const shared = (name: string): FileSystem => ({ ...localDisk, name, sharing: "shared" })
const windowsShare: FileSystem = { ...shared("a Windows share (SMB)"), hasSteadyInodes: false }
const unlocked = (name: string): FileSystem => ({
  ...localDisk,
  name,
  sharing: "unlocked",
  hasSteadyInodes: false,
  // sshfs and its like keep whole seconds.
  tickMs: 1_100,
})
// FAT keeps times in steps of two seconds.
const memoryCard = (name: string, hasChangeTime: boolean): FileSystem => ({
  ...localDisk,
  name,
  hasSteadyInodes: false,
  hasChangeTime,
  tickMs: 2_100,
})

/** By f_type: linux/magic.h, and the headers of those that are not part of Linux. */
const byType: ReadonlyMap<number, FileSystem> = new Map([
  [0x6969, shared("NFS")],
  [0x517b, windowsShare],
  [0xff534d42, windowsShare],
  [0xfe534d42, windowsShare],
  [0x00c36400, shared("Ceph")],
  [0x0bd00bd0, shared("Lustre")],
  [0x19830326, shared("BeeGFS")],
  [0x47504653, shared("GPFS")],
  [0x5346414f, shared("AFS")],
  [0x01161970, shared("GFS2")],
  [0x7461636f, shared("OCFS2")],
  [0x65735546, unlocked("a FUSE file system, such as sshfs or a folder handed to a virtual machine")],
  [0x01021997, unlocked("9p, a folder handed to a virtual machine")],
  [0x786f4256, unlocked("a VirtualBox shared folder")],
  [0x4d44, memoryCard("FAT", false)],
  [0x2011bab0, memoryCard("exFAT", true)],
])

/** The kind that belongs to statfs(2)'s number. */
export const fileSystemOfType = (type: number): FileSystem => byType.get(type >>> 0) ?? localDisk

/** The kind of file system that holds an existing file or folder; another one stands in where it is simulated. */
export const FileSystems = Context.Reference<(path: string) => FileSystem>("loom/runtime/FileSystems", {
  defaultValue: () => fileSystemAt,
})

export const fileSystemAt = (path: string): FileSystem => {
  if (process.platform === "win32") return /^[\\/]{2}(?![?.])/.test(path) ? windowsShare : localDisk
  if (process.platform !== "linux") return localDisk
  try {
    return fileSystemOfType(fs.statfsSync(path).type)
  } catch {
    return localDisk
  }
}

export interface Caution {
  readonly why: string
  readonly hint: string
}

/** What a user of a cache there has to know; undefined on a local disk. */
export const sharingCaution = ({ name, sharing }: FileSystem): Caution | undefined => {
  if (sharing === "local") return undefined
  const why = `the cache lies on ${name}, where SQLite's write-ahead log is not safe; it does without, which is slower`
  const elsewhere = "give a cache folder on a local disk with --cache; base models and pictures may stay shared"
  return sharing === "shared"
    ? { why, hint: `Several machines may use it only if locks work there; otherwise ${elsewhere}` }
    : {
        why: `${why}, and locks there may not reach other machines`,
        hint: `Let one machine at a time use it, or ${elsewhere}`,
      }
}
