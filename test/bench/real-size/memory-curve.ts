/**
 * The memory of one step over its time: what the plan says each node holds, and what the process held.
 *
 * The profile tells when each node ran; in the meantime this process reads the other's memory every few milliseconds. Every
 * value goes back to the system when it is dead, and what the process holds at rest is not counted.
 */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { openUnet } from "../../../src/engine/base/base-model.ts"
import type { MemoryMode } from "../../../src/engine/jobs/memory-mode.ts"
import { withCheckpointing } from "../../../src/engine/session/checkpointing-policy.ts"
import { adapterLayout } from "../../../src/engine/train/adapter-layout.ts"
import { shapesFor } from "../../../src/engine/train/run-shapes.ts"
import { trainGraph } from "../../../src/engine/train/train-graph.ts"
import { memoryOfRun } from "../../../src/graph/memory/peak-memory.ts"
import { TrainSettings } from "../../../src/settings/train-settings.ts"
import { filesIn } from "../../rig/files-in.ts"
import { printHeader, printRow } from "../whole-process.ts"
import { profiled } from "./profile.ts"
import { runStep } from "./run-step.ts"
import { randomSample, type StepPlan } from "./step-process.ts"

const rows = 24

/** Bytes held at each node of the run, as planned. */
const plannedCurve = async ({ base, pixels, dim, memory }: StepPlan): Promise<readonly number[]> => {
  const unet = await Effect.runPromise(openUnet(filesIn(base)))
  const settings = TrainSettings.make({ networkDim: dim, unetLearningRate: 1e-4, steps: 1, seed: 1 })
  const layout = adapterLayout({ unet: unet.config, texts: [] }, settings)
  const shapes = shapesFor(randomSample(pixels, unet.config), 1)
  const graph = trainGraph({ unet, texts: [] }, { layout, scale: 1, clipSkip: 1 }, shapes)
  const { graph: run } = withCheckpointing(graph, memory as MemoryMode, "dynamic")
  return memoryOfRun({ ...run, shapes: "dynamic" }).curve.map(({ bytes }) => bytes)
}

/** Memory of the process's own, without mapped files. */
const ownBytes = (pid: number): number => {
  try {
    return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1])
  } catch {
    return 0
  }
}

export const measureCurve = async (plan: StepPlan): Promise<void> => {
  const planned = await plannedCurve(plan)
  const samples: { readonly at: number; readonly bytes: number }[] = []
  let [stepBegan, stepEnded, timer] = [0, 0, undefined as NodeJS.Timeout | undefined]
  const nodes = await profiled((prefix) =>
    runStep({ ...plan, steps: 2, profile: prefix, givesBack: true }, (event, pid) => {
      timer ??= setInterval(() => samples.push({ at: performance.now(), bytes: ownBytes(pid) }), 20)
      if (event.kind !== "step") return
      stepEnded = performance.now()
      stepBegan = stepEnded - event.elapsedMs
    }),
  )
  clearInterval(timer)
  const [first, last] = [nodes[0]!.startUs, nodes.at(-1)!.startUs]
  const during = samples.filter(({ at }) => at >= stepBegan && at <= stepEnded)
  // Parameters, moments and the process itself.
  const atRest = during[0]?.bytes ?? 0
  printHeader(`Memory over one step, "${plan.memory}"`, "of the time", "planned", "measured")
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row / rows, (row + 1) / rows]
    const within = (share: number): boolean => share >= from && share < to
    // Nodes of the profile and of the plan are the same in the same order, but for reshapes of weights.
    const held = planned.filter((_, at) => within((nodeAt(at).startUs - first) / (last - first)))
    const measured = during.filter(({ at }) => within((at - stepBegan) / (stepEnded - stepBegan)))
    const most = (values: readonly number[]): string => `${(Math.max(0, ...values) / 1e6).toFixed(0)} MB`
    printRow(`${(100 * to).toFixed(0)} %`, most(held), most(measured.map(({ bytes }) => bytes - atRest)))
  }
  function nodeAt(at: number) {
    return nodes[Math.min(nodes.length - 1, Math.round((at * nodes.length) / planned.length))]!
  }
}
