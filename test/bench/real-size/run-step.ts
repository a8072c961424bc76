/** Starts a measured process and hands its lines on. */
import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { createInterface } from "node:readline"
import type { StepEvent, StepPlan } from "./step-process.ts"

export const here = (name: string): string => resolve(import.meta.dirname, name)

/** As the engine's host process has it. */
const stepEnvironment = {
  ...process.env,
  MALLOC_MMAP_THRESHOLD_: "1048576",
  MALLOC_TRIM_THRESHOLD_: "1048576",
}

/** Runs a process to its end and hands each line of JSON on; fails with its words. */
export const runLines = async (
  command: string,
  args: readonly string[],
  onEvent: (event: StepEvent, pid: number) => void,
): Promise<void> => {
  const child = spawn(command, args, { env: stepEnvironment, stdio: ["ignore", "pipe", "pipe"] })
  let words = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-2000)
  })
  const ended = new Promise<number | null>((done, failed) => child.on("close", done).on("error", failed))
  for await (const line of createInterface({ input: child.stdout })) onEvent(JSON.parse(line) as StepEvent, child.pid!)
  const code = await ended
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}\n${words}`)
}

export const runStep = (plan: StepPlan, onEvent: (event: StepEvent, pid: number) => void): Promise<void> =>
  runLines(process.execPath, [here("step-process.ts"), JSON.stringify(plan)], onEvent)
