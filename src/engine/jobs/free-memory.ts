/**
 * Memory that this process may still take, as the machine or the container says.
 *
 * Files that the system has read and can forget at once count as free: a base model of 7 GB that has just been hashed fills a
 * container's limit with its pages, and takes nothing from anybody. Node's own figure counts them as used there (libuv's
 * `uv_get_available_memory`), and on a Mac counts only pages that nothing has ever used.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { freemem, totalmem } from "node:os"
import { posix } from "node:path"

/** Reads a file of the system; undefined where it has none of the name. */
export type ReadSystemFile = (path: string) => string | undefined

/** "Active(file):    1234 kB" or "inactive_file 1234": the number behind a word. */
const numberAfter = (text: string | undefined, word: string): number | undefined => {
  const found = text?.split("\n").find((line) => line.startsWith(word))
  const digits = found === undefined ? null : /(\d+)/.exec(found.slice(word.length))
  return digits === null ? undefined : Number(digits[1])
}

interface CgroupFiles {
  readonly root: string
  readonly limit: string
  readonly used: string
  /** Pages of files in `memory.stat`: they are forgotten when memory is wanted. */
  readonly forgettable: readonly [string, string]
}

const version2: CgroupFiles = {
  root: "/sys/fs/cgroup",
  limit: "memory.max",
  used: "memory.current",
  forgettable: ["inactive_file ", "active_file "],
}
const version1: CgroupFiles = {
  root: "/sys/fs/cgroup/memory",
  limit: "memory.limit_in_bytes",
  used: "memory.usage_in_bytes",
  forgettable: ["total_inactive_file ", "total_active_file "],
}

/** "0::/user.slice" (version 2) and "5:memory:/docker/ab" (version 1): the process's groups and those they lie in. */
const groupFolders = (read: ReadSystemFile): readonly (readonly [CgroupFiles, string])[] =>
  (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined || controllers === undefined) return []
    const files = controllers === "" ? version2 : controllers.split(",").includes("memory") ? version1 : undefined
    if (files === undefined) return []
    // In a container of its own name space the path is "/", or leads to where nothing is mounted: the root then speaks.
    const parts = path.split("/").filter((part) => part !== "")
    return Array.from({ length: parts.length + 1 }, (_, count) => {
      return [files, posix.join(files.root, ...parts.slice(0, count))] as const
    })
  })

/** What one group leaves, undefined where it has no limit. */
const leftIn = (read: ReadSystemFile, { limit, used, forgettable }: CgroupFiles, folder: string) => {
  const limitBytes = Number(read(posix.join(folder, limit)))
  const usedBytes = Number(read(posix.join(folder, used)))
  // "max" in version 2; in version 1 a number larger than any machine.
  if (!Number.isFinite(limitBytes) || !Number.isFinite(usedBytes) || limitBytes >= 2 ** 60) return undefined
  const stat = read(posix.join(folder, "memory.stat"))
  const fileBytes = forgettable.reduce((sum, word) => sum + (numberAfter(stat, word) ?? 0), 0)
  return { limitBytes, leftBytes: Math.max(0, limitBytes - usedBytes + Math.min(fileBytes, usedBytes)) }
}

export interface FreeMemory {
  readonly freeBytes: number
  /** Of the narrowest group that the process is in; undefined where none has a limit. */
  readonly limitBytes: number | undefined
}

/** On Linux: what the machine has, and what each group leaves of it. */
export const linuxMemory = (read: ReadSystemFile): FreeMemory => {
  const kilobytes = numberAfter(read("/proc/meminfo"), "MemAvailable:")
  const machineBytes = kilobytes === undefined ? freemem() : 1024 * kilobytes
  const groups = groupFolders(read).flatMap(([files, folder]) => leftIn(read, files, folder) ?? [])
  return {
    freeBytes: groups.reduce((least, { leftBytes }) => Math.min(least, leftBytes), machineBytes),
    limitBytes:
      groups.length === 0 ? undefined : groups.reduce((least, { limitBytes }) => Math.min(least, limitBytes), Infinity),
  }
}

/** On a Mac: pages that are free, or that hold what can be read again (`vm_stat`). */
export const macMemory = (vmStat: string): number | undefined => {
  const pageBytes = numberAfter(vmStat, "Mach Virtual Memory Statistics: (page size of ")
  if (pageBytes === undefined) return undefined
  const kinds = ["Pages free:", "Pages inactive:", "Pages speculative:", "Pages purgeable:"]
  return pageBytes * kinds.reduce((sum, kind) => sum + (numberAfter(vmStat, kind) ?? 0), 0)
}

const readSystemFile: ReadSystemFile = (path) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const vmStat = (): string => {
  try {
    return execFileSync("/usr/bin/vm_stat", { encoding: "utf8", timeout: 2000 })
  } catch {
    return ""
  }
}

export const freeMemory = (): FreeMemory => {
  if (process.platform === "linux") return linuxMemory(readSystemFile)
  const mac = process.platform === "darwin" ? macMemory(vmStat()) : undefined
  return { freeBytes: Math.min(mac ?? freemem(), totalmem()), limitBytes: undefined }
}
