/**
 * `npm run bench -- step --base DIR`: one training step of a real-size model, Loom beside PyTorch, in one run.
 *
 *     --pixels 512        side of the picture
 *     --python PYTHON     one with the packages of test/reference; without it that half is left out
 *     --modes fast,small  Loom's memory modes; default all
 *     --as fp32,bf16      PyTorch's ways: fp32, checkpointing, bf16, bf16-checkpointing; default fp32
 *     --steps 3           steps per process; the first one, which reads the weights from the disk, does not count
 *     --accumulation 4    pictures of one step; Loom decides how many share a run
 *     --batch 1,4         how many of them PyTorch takes at once, each a row of its own; default 1
 *     --rounds 1          how often each process runs, one after the other, so that a busy machine is busy for all
 *     --profile           then also where the time of Loom's step of one picture goes, by kind of operation
 *     --curve             then also the memory of such a step, planned and measured
 *
 * Time is the best step, memory the most that was resident at once; both also as a ratio to PyTorch's first way.
 */
import { availableParallelism, cpus, loadavg } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { type MemoryMode, memoryModes } from "../../../src/settings/memory-mode.ts"
import { median, printRow } from "../whole-process.ts"
import { chosenModes } from "./chosen-modes.ts"
import { measureCurve } from "./memory-curve.ts"
import { measureProfile } from "./profile-table.ts"
import { here, runLines, runStep } from "./run-step.ts"
import type { StepEvent, StepPlan } from "./step-process.ts"

interface Figures {
  readonly stepMs: number[]
  readonly openedMs: number[]
  readonly peakBytes: number[]
  plannedBytes: number
}

const noFigures = (): Figures => ({ stepMs: [], openedMs: [], peakBytes: [], plannedBytes: 0 })

/** Collects the figures of one process; its first step does not count. */
const collect = (figures: Figures) => {
  let steps = 0
  return (event: StepEvent): void => {
    switch (event.kind) {
      case "planned":
        figures.plannedBytes = event.plan.heapBytes + event.plan.mappedBytes
        return
      case "opened":
        figures.openedMs.push(event.elapsedMs)
        return
      case "step":
        if (steps++ > 0) figures.stepMs.push(event.elapsedMs)
        return
      case "ended":
        figures.peakBytes.push(event.peakBytes)
    }
  }
}

interface Column {
  readonly name: string
  readonly figures: Figures
  readonly run: () => Promise<void>
}

const optionsOf = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      base: { type: "string" },
      pixels: { type: "string", default: "512" },
      python: { type: "string" },
      modes: { type: "string", default: memoryModes.join(",") },
      as: { type: "string", default: "fp32" },
      steps: { type: "string", default: "3" },
      accumulation: { type: "string", default: "1" },
      batch: { type: "string", default: "1" },
      rounds: { type: "string", default: "1" },
      dim: { type: "string", default: "16" },
      profile: { type: "boolean", default: false },
      curve: { type: "boolean", default: false },
    },
  }).values

const inGb = (bytes: number): string => (bytes === 0 ? "" : `${(bytes / 1e9).toFixed(2)} GB`)
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : "")

const printColumns = (columns: readonly Column[], beside: Figures | undefined): void => {
  printRow("what", "step", "÷ PyTorch", "peak memory", "÷ PyTorch", "planned", "session made")
  printRow(...Array.from({ length: 7 }, () => "---"))
  for (const { name, figures } of columns) {
    const [best, peak] = [Math.min(...figures.stepMs), Math.max(...figures.peakBytes)]
    const ratio = (own: number, other: number | undefined): string =>
      other === undefined || !Number.isFinite(own / other) ? "" : `${(own / other).toFixed(2)} ×`
    printRow(
      name,
      seconds(best),
      ratio(best, beside && Math.min(...beside.stepMs)),
      inGb(peak),
      ratio(peak, beside && Math.max(...beside.peakBytes)),
      inGb(figures.plannedBytes),
      figures.openedMs.length > 0 ? seconds(median(figures.openedMs)) : "",
    )
  }
}

/** Sizes that a command line names; throws on one that does not divide the pictures of a step. */
const chosenBatches = (sizes: string, accumulation: number): readonly number[] =>
  sizes.split(",").map((size) => {
    const batch = Number(size)
    if (batch >= 1 && accumulation % batch === 0) return batch
    throw new Error(`--batch ${size} does not divide --accumulation ${accumulation}: name a size that does`)
  })

/** A column for each way of computing and each number of pictures at once. */
const columnsOfPytorch = (python: string, ways: string, sizes: string, plan: Omit<StepPlan, "memory">): Column[] => {
  const { base, pixels, steps, dim, threads, accumulation } = plan
  const batches = chosenBatches(sizes, accumulation)
  return ways.split(",").flatMap((way) =>
    batches.map((batch): Column => {
      const figures = noFigures()
      const numbers = { pixels, steps, dim, threads, batch, runs: accumulation / batch }
      const words = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, `${value}`])
      const run = () => runLines(python, [here("bench_step.py"), base, "--as", way, ...words], collect(figures))
      return { name: `PyTorch, ${way}${batch === 1 ? "" : `, ${batch} at once`}`, figures, run }
    }),
  )
}

export const measureRealSize = async (args: readonly string[]): Promise<void> => {
  const options = optionsOf(args)
  const base = resolve(options.base ?? "")
  const [pixels, steps, dim, threads] = [Number(options.pixels), Number(options.steps), Number(options.dim), 2]
  const accumulation = Number(options.accumulation)
  const shared = { base, pixels, steps, dim, threads, accumulation, profile: null }
  const plan = (memory: MemoryMode): StepPlan => ({ ...shared, memory })
  const modes = chosenModes(options.modes)
  const ours = modes.map((mode): Column => {
    const figures = noFigures()
    return { name: `Loom, ${mode}`, figures, run: () => runStep(plan(mode), collect(figures)) }
  })
  const python = options.python
  const theirs = python === undefined ? [] : columnsOfPytorch(python, options.as, options.batch, shared)
  if (python === undefined) process.stdout.write("PyTorch is left out: name a Python that has it with --python\n")
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { run } of [...theirs, ...ours]) await run()
  }
  const load = loadavg()[0]!.toFixed(1)
  const machine = `${cpus()[0]?.model} (${availableParallelism()} cores, load ${load})`
  process.stdout.write(`\n${base}, ${pixels} pixels, ${accumulation} a step, dim ${dim}, ${machine}\n\n`)
  printColumns([...theirs, ...ours], theirs[0]?.figures)
  for (const mode of modes) {
    const ofOnePicture = { ...plan(mode), accumulation: 1 }
    if (options.profile) await measureProfile(ofOnePicture)
    if (options.curve) await measureCurve(ofOnePicture)
  }
}
