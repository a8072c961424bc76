/** Times whole processes, as a user would feel them: start, work, exit. */
import { spawnSync } from "node:child_process"
import { resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../..")
export const loom = resolve(root, "src/cli/bin.js")

export interface Finished {
  readonly elapsedMs: number
  readonly stdout: string
}

/** Runs Node with these arguments to its end; a failing command ends the benchmark with its words. */
export const runNode = (args: readonly string[]): Finished => {
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}\n${stderr}`)
  return { elapsedMs: performance.now() - startedAt, stdout }
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

export const inSeconds = (elapsedMs: number): string => `${(elapsedMs / 1000).toFixed(2)} s`

export const printRow = (...cells: readonly string[]): void => {
  process.stdout.write(`| ${cells.map((cell) => cell.padEnd(14)).join(" | ")} |\n`)
}

export const printHeader = (title: string, ...cells: readonly string[]): void => {
  process.stdout.write(`\n${title}\n\n`)
  printRow(...cells)
  printRow(...cells.map(() => "---"))
}
