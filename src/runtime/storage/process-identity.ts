/**
 * Which process is meant, and whether it still lives.
 *
 * A process number alone is not an identity: numbers are reused after a restart and mean different processes in two
 * containers. So an identity also says when the process started, under which boot of which machine, and in which process
 * name space. Only a process that this one could see is ever called dead: same host, boot and name space, all of them
 * told by the system. Everything else is "unknown", another boot of the same host name too, for that may as well be a clone of the
 * machine on the same share, or the other system beside this one. The caller then waits for silence.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { Context } from "effect"

export interface ProcessIdentity {
  readonly host: string
  /** Changes with each start of the machine; empty where the system does not tell. */
  readonly boot: string
  /** Processes of two name spaces cannot see each other; empty where there are none. */
  readonly space: string
  readonly pid: number
  /** In the system's own unit; only ever compared for equality. Empty where the system does not tell. */
  readonly started: string
}

export type Liveness = "alive" | "dead" | "unknown"

const read = (path: string): string => {
  try {
    return fs.readFileSync(path, "utf8").trim()
  } catch {
    return ""
  }
}

const link = (path: string): string => {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ""
  }
}

/** When a running process started, "" when it is running but the system does not tell, null when there is none. */
const startOf = (pid: number): string | null => {
  if (process.platform === "linux") return linuxStart(pid)
  if (!isSignalable(pid)) return null
  return process.platform === "win32" ? "" : psStart(pid)
}

// proc(5): the fields after the command's closing bracket are state (3rd of all) … starttime (22nd). A zombie has ended.
const linuxStart = (pid: number): string | null => {
  const text = read(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  const state = fields[0] ?? ""
  return text === "" || state === "Z" || state === "X" ? null : (fields[19] ?? "")
}

const psStart = (pid: number): string => {
  try {
    const environment = { ...process.env, LC_ALL: "C", TZ: "UTC" }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env: environment }).trim()
  } catch {
    return ""
  }
}

const isSignalable = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // EPERM: it exists and belongs to somebody else.
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

let own: ProcessIdentity | undefined

/** This process. */
export const thisProcess = (): ProcessIdentity => {
  own ??= {
    host: os.hostname(),
    boot: read("/proc/sys/kernel/random/boot_id") || macBoot(),
    // Where a system has no name spaces for processes, all of its processes see each other.
    space: process.platform === "darwin" ? "darwin" : link("/proc/self/ns/pid"),
    pid: process.pid,
    started: startOf(process.pid) ?? "",
  }
  return own
}

const macBoot = (): string => {
  if (process.platform !== "darwin") return ""
  try {
    return execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim()
  } catch {
    return ""
  }
}

/** Who this process is and which others it sees; another one stands in where machines are simulated. */
export const Processes = Context.Reference<{
  readonly own: ProcessIdentity
  readonly startOf: (pid: number) => string | null
}>("loom/runtime/Processes", { defaultValue: () => ({ own: thisProcess(), startOf }) })

/** Whether a process that was seen earlier is still running, as far as `here` can know. */
export const livenessOf = (other: ProcessIdentity, here: (typeof Processes)["Service"]): Liveness => {
  const { host, boot, space } = here.own
  const isVisible = other.host === host && other.boot === boot && other.space === space && boot !== "" && space !== ""
  if (!isVisible) return "unknown"
  const started = here.startOf(other.pid)
  if (started === null) return "dead"
  // Without both start times it may be the same process, or another one that was given its number.
  if (started === "" || other.started === "") return "unknown"
  return started === other.started ? "alive" : "dead"
}

/**
 * Whether a process has most likely ended: it is dead, its host has been started again since, or its host, which tells no more, has no
 * process of that number. Good enough to tell a person, never to take anything over.
 */
export const hasLikelyEnded = (other: ProcessIdentity, here: (typeof Processes)["Service"]): boolean => {
  if (livenessOf(other, here) === "dead") return true
  const { host, boot, space } = here.own
  if (other.host !== host) return false
  if (other.boot !== "" && boot !== "" && other.boot !== boot) return true
  return (boot === "" || space === "") && here.startOf(other.pid) === null
}
