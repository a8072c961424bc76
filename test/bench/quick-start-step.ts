/** The quick start from an empty cache: time per training step, and the memory of the process that trains. */
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { inSeconds, loom, median, printHeader, printRow, runNode } from "./whole-process.ts"

interface Progress {
  readonly type: string
  readonly label: string
  readonly metrics?: { readonly elapsedMs: number; readonly residentBytes: number }
}

const trainingSteps = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Progress)
    .filter(({ type, label }) => type === "stage-progress" && label === "train")
    .flatMap(({ metrics }) => (metrics === undefined ? [] : [metrics]))

export const measureStep = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "loom-bench-"))
  try {
    const run = runNode([
      loom,
      "run",
      "pipelines/03-quickstart.ts",
      "--json",
      "--cache",
      join(folder, "cache"),
      "--output",
      join(folder, "output"),
    ])
    const steps = trainingSteps(run.stdout)
    const stepMs = median(steps.map(({ elapsedMs }) => elapsedMs))
    const peakMb = Math.max(...steps.map(({ residentBytes }) => residentBytes)) / 1e6
    printHeader(`Quick start on ${cpus()[0]?.model} (${availableParallelism()} cores)`, "what", "figure")
    printRow("whole run", inSeconds(run.elapsedMs))
    printRow("steps", String(steps.length))
    printRow("step, median", `${stepMs.toFixed(1)} ms`)
    printRow("peak memory", `${peakMb.toFixed(0)} MB`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
