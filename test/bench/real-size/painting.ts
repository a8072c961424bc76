/**
 * `npm run bench -- painting --base DIR`: encoding pictures and captions, decoding, and painting a picture, beside diffusers.
 *
 * Each work runs in a process of its own, Loom's and diffusers' one after the other, so that both meet the same machine.
 * Times are medians of the repeats with everything loaded; peaks are those of the whole process. Without --python the
 * other half is left out, and that is said.
 */
import { spawnSync } from "node:child_process"
import { cpus } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { inSeconds, median, printHeader, printRow } from "../whole-process.ts"
import { type PaintingEvent, type PaintingPlan, paintingWorks } from "./painting-process.ts"

interface Measured {
  readonly elapsedMs: number
  readonly peakBytes: number
}

const measure = (command: string, script: string, plan: PaintingPlan): Measured => {
  const args = [resolve(import.meta.dirname, script), JSON.stringify(plan)]
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${script} ended with ${status}\n${stderr}`)
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as PaintingEvent)
  return {
    elapsedMs: median(events.flatMap((event) => (event.kind === "again" ? [event.elapsedMs] : []))),
    peakBytes: Math.max(...events.flatMap((event) => (event.kind === "end" ? [event.peakBytes] : []))),
  }
}

const refuse = (words: string): void => {
  process.stderr.write(`bench: ${words}\n`)
  process.exitCode = 2
}

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`

export const measurePainting = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      base: { type: "string" },
      python: { type: "string" },
      work: { type: "string", multiple: true },
      pixels: { type: "string", default: "512" },
      steps: { type: "string", default: "20" },
      repeats: { type: "string", default: "3" },
      threads: { type: "string", default: "2" },
    },
  })
  const { base, python } = values
  if (base === undefined) {
    return refuse("painting is measured on a model of real size: --base DIR (see test/reference/README.md)")
  }
  const unknown = values.work?.find((one) => !paintingWorks.some((work) => work === one))
  if (unknown !== undefined) return refuse(`there is no work "${unknown}"; the works are ${paintingWorks.join(", ")}`)
  const [pixels, steps, repeats, threads] = [values.pixels, values.steps, values.repeats, values.threads].map(Number)
  printHeader(
    `Encoding and painting at ${pixels} × ${pixels} on ${cpus()[0]?.model}, ${threads} threads, ${base}`,
    ...["what", "Loom", "peak"],
    ...(python === undefined ? [] : ["diffusers", "peak", "time", "memory"]),
  )
  for (const work of paintingWorks.filter((one) => values.work?.includes(one) ?? true)) {
    const plan: PaintingPlan = {
      ...{ base: resolve(base), work, pixels: pixels!, steps: steps!, threads: threads! },
      // A picture takes minutes, and its steps repeat each other.
      repeats: work === "paint" ? 1 : repeats!,
    }
    const ours = measure(process.execPath, "painting-process.ts", plan)
    const theirs = python === undefined ? undefined : measure(python, "bench_painting.py", plan)
    const cells = ({ elapsedMs, peakBytes }: Measured) => [inSeconds(elapsedMs), inGigabytes(peakBytes)]
    const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)}×`
    printRow(
      work === "paint" ? `paint, ${steps} steps` : work,
      ...cells(ours),
      ...(theirs === undefined ? [] : cells(theirs)),
      ...(theirs === undefined
        ? []
        : [ratio(ours.elapsedMs, theirs.elapsedMs), ratio(ours.peakBytes, theirs.peakBytes)]),
    )
  }
  if (python === undefined) {
    process.stdout.write("\ndiffusers' half is left out: give --python, a Python with diffusers\n")
  }
}
