/** Free memory as systems tell it: made-up files of Linux, and what a Mac's vm_stat prints. */
import { describe, expect, it } from "vitest"
import { linuxMemory, macMemory } from "../../src/engine/jobs/free-memory.ts"

const gigabyte = 1e9

/** A machine with 64 GB available, and these files besides. */
const machine = (files: Readonly<Record<string, string>>) => {
  const all: Readonly<Record<string, string>> = {
    "/proc/meminfo": "MemTotal:       97656250 kB\nMemAvailable:   62500000 kB\n",
    ...files,
  }
  return linuxMemory((path) => all[path])
}

/** A container of version 2 that sees itself as the root. */
const container = (limit: string, used: number, stat: string) => ({
  "/proc/self/cgroup": "0::/\n",
  "/sys/fs/cgroup/memory.max": `${limit}\n`,
  "/sys/fs/cgroup/memory.current": `${used}\n`,
  "/sys/fs/cgroup/memory.stat": stat,
})

describe("free memory", () => {
  it("on a machine without limits is what the system can give", () => {
    expect(machine({})).toEqual({ freeBytes: 64 * gigabyte, limitBytes: undefined })
    expect(machine(container("max", gigabyte, ""))).toEqual({ freeBytes: 64 * gigabyte, limitBytes: undefined })
  })

  it("in a container counts pages of files as free: a base that was just hashed takes nothing", () => {
    const full = container(
      "8000000000",
      7_900_000_000,
      "anon 900000000\ninactive_file 6000000000\nactive_file 1000000000\n",
    )
    expect(machine(full)).toEqual({ freeBytes: 7_100_000_000, limitBytes: 8 * gigabyte })
  })

  it("in a full container is nothing, and not what the machine has", () => {
    const full = container("8000000000", 8_000_000_000, "anon 8000000000\ninactive_file 0\nactive_file 0\n")
    expect(machine(full).freeBytes).toBe(0)
  })

  it("is what the narrowest of nested groups leaves", () => {
    const nested = {
      "/proc/self/cgroup": "0::/user.slice/job.scope\n",
      "/sys/fs/cgroup/user.slice/memory.max": "4000000000",
      "/sys/fs/cgroup/user.slice/memory.current": "1000000000",
      "/sys/fs/cgroup/user.slice/job.scope/memory.max": "16000000000",
      "/sys/fs/cgroup/user.slice/job.scope/memory.current": "500000000",
    }
    expect(machine(nested)).toEqual({ freeBytes: 3 * gigabyte, limitBytes: 4 * gigabyte })
  })

  it("under version 1 follows the memory controller, and takes its huge number for no limit", () => {
    const files = (limit: string) => ({
      "/proc/self/cgroup": "5:memory,hugetlb:/docker/ab\n4:cpu:/docker/ab\n",
      "/sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes": limit,
      "/sys/fs/cgroup/memory/docker/ab/memory.usage_in_bytes": "3000000000",
      "/sys/fs/cgroup/memory/docker/ab/memory.stat":
        "inactive_file 5\ntotal_inactive_file 1000000000\ntotal_active_file 1000000000\n",
    })
    expect(machine(files("6000000000"))).toEqual({ freeBytes: 5 * gigabyte, limitBytes: 6 * gigabyte })
    expect(machine(files("9223372036854771712"))).toEqual({ freeBytes: 64 * gigabyte, limitBytes: undefined })
  })

  it("is never more than the machine has, whatever a container may take", () => {
    expect(machine(container("900000000000", 0, "")).freeBytes).toBe(64 * gigabyte)
  })

  it("on a Mac counts what can be read again", () => {
    const told = [
      "Mach Virtual Memory Statistics: (page size of 16384 bytes)",
      "Pages free:                                4000.",
      "Pages active:                            400000.",
      "Pages inactive:                          300000.",
      "Pages speculative:                        10000.",
      "Pages wired down:                        100000.",
      "Pages purgeable:                           6000.",
      '"Translation faults":                 1234567890.',
    ].join("\n")
    expect(macMemory(told)).toBe(16384 * 320_000)
    expect(macMemory("")).toBeUndefined()
  })
})
