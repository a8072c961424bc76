/** The host processes of a process, as the kernel knows them. Linux only: elsewhere these tests are skipped. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"

export const processesAreVisible = existsSync("/proc/self/stat")

const parentOf = (pid: string): number => {
  // The command in brackets may hold spaces; state and parent follow the last bracket.
  const afterCommand = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!
  return Number(afterCommand.split(" ")[1])
}

/** Ids of the running engine hosts that `parent` started. */
export const hostsOf = (parent: number): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return parentOf(pid) === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("engine/host/host.ts")
      } catch {
        // It ended while we looked.
        return false
      }
    })
    .map(Number)

export const isRunning = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.startsWith("Z") === false
  } catch {
    return false
  }
}

/** Waits until a condition holds, at most half a minute. */
export const eventually = async (holds: () => boolean): Promise<boolean> => {
  for (let tries = 0; tries < 600; tries++) {
    if (holds()) return true
    await setTimeout(50)
  }
  return holds()
}
