/** The machine: processor, memory, and room on the disk. */
import { existsSync, statfsSync } from "node:fs"
import { availableParallelism, cpus, totalmem } from "node:os"
import { dirname, resolve } from "node:path"
import { freeMemory } from "../../engine/jobs/free-memory.ts"
import { type Check, inBytes, ok, problem, warning, wordsOf } from "./check.ts"

/** Machines that ONNX Runtime's package has binaries for. */
const builtFor = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64", "win32-arm64"]

export const checkProcessor = (machine = `${process.platform}-${process.arch}`): Check => {
  const model = cpus()[0]?.model.trim() ?? ""
  const [cores, seen] = [availableParallelism(), cpus().length]
  const some = cores < seen ? ` of ${seen}` : ""
  const found = `${model === "" ? "" : `${model}, `}${machine}, ${cores}${some} ${cores === 1 ? "core" : "cores"}`
  const facts = { model, machine, cores, coresOfMachine: seen }
  const hint = `ONNX Runtime has binaries for ${builtFor.join(", ")}`
  return builtFor.includes(machine) ? ok("processor", found, facts) : problem("processor", found, hint, facts)
}

export interface MemoryFacts {
  readonly totalBytes: number
  /** What this process may still take, the container's limit included. */
  readonly freeBytes: number
  /** undefined where there is no limit below the machine's memory. */
  readonly limitBytes: number | undefined
}

const memoryFacts = (): MemoryFacts => {
  const [totalBytes, { freeBytes, limitBytes }] = [totalmem(), freeMemory()]
  const isLimited = limitBytes !== undefined && limitBytes < totalBytes
  return { totalBytes, freeBytes, limitBytes: isLimited ? limitBytes : undefined }
}

/** A training of SD1.5 at 512 × 512 in its sparest mode; see BENCHMARKS.md. */
const usualTrainingBytes = 3e9

export const checkMemory = ({ totalBytes, freeBytes, limitBytes }: MemoryFacts = memoryFacts()): Check => {
  const limit = limitBytes === undefined ? "" : `, a limit of ${inBytes(limitBytes)} for this container`
  const found = `${inBytes(freeBytes)} free of ${inBytes(totalBytes)}${limit}`
  const facts = { totalBytes, freeBytes, limitBytes: limitBytes ?? null }
  const hint = `Training SD1.5 at 512 × 512 takes ${inBytes(usualTrainingBytes)} or more: close other programs, or train small models`
  return freeBytes >= usualTrainingBytes ? ok("memory", found, facts) : warning("memory", found, hint, facts)
}

/** Without room nothing can be kept; with little of it a training's snapshots may not fit. */
const [leastBytes, usualBytes] = [100e6, 2e9]

/** The folder, or the nearest one above it that is there. */
export const nearestExisting = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder))

export const checkDisk = (cache: string): Check => {
  const place = nearestExisting(resolve(cache))
  try {
    const { bavail, bsize, blocks } = statfsSync(place)
    const [freeBytes, totalBytes] = [bavail * bsize, blocks * bsize]
    return roomOnDisk(place, freeBytes, totalBytes)
  } catch (thrown) {
    return warning("disk", `how much room ${place} has cannot be found out: ${wordsOf(thrown)}`, "Look at it yourself")
  }
}

export const roomOnDisk = (place: string, freeBytes: number, totalBytes: number): Check => {
  const found = `${inBytes(freeBytes)} free of ${inBytes(totalBytes)} where the cache lies`
  const facts = { place, freeBytes, totalBytes }
  const hint = "Free some space, or give a cache folder on another disk with --cache"
  if (freeBytes < leastBytes) return problem("disk", found, hint, facts)
  return freeBytes < usualBytes ? warning("disk", found, hint, facts) : ok("disk", found, facts)
}
