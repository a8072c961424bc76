/** Where the time of a step goes, by kind of operation: share, speed reached, and share of what the machine can do. */
import { printHeader, printRow } from "../whole-process.ts"
import { type NodeRun, operationsOf, profiled } from "./profile.ts"
import { runStep } from "./run-step.ts"
import type { StepPlan } from "./step-process.ts"

/** What two cores of the machine in engine-notes reach in float32, in operations per second. */
const limit = 215e9

const kindOf = ({ op, inputs, output }: NodeRun): string => {
  const [a = [], b = []] = inputs
  if (op === "Conv") return b[2] === 1 ? "convolution 1×1" : "convolution 3×3"
  if (op === "MultiHeadAttention") return b[1]! > 77 ? "self-attention" : "cross-attention"
  if ((op === "MatMul" || op === "FusedMatMul") && output.length === 4) {
    const inner = (a.at(-1)! * a.at(-2)!) / output.at(-2)!
    return `attention backward, ${inner > 100 ? (output.at(-1)! > 100 ? "scores" : "from scores") : "to scores"}`
  }
  // Gemm without C is written as FusedMatMul: see graph/onnx/onnx-forms.ts.
  if (op === "Gemm" || (op === "FusedMatMul" && output.length === 2))
    return Math.min(...a, ...b) <= 32 ? "products of adapters" : "Gemm"
  if (op === "Transpose" && output.length === 3 && output.includes(9)) return "transposed 3×3 weights"
  return op
}

export const measureProfile = async (plan: StepPlan): Promise<void> => {
  const nodes = await profiled((prefix) => runStep({ ...plan, steps: 2, profile: prefix }, () => {}))
  const kinds = new Map<string, { count: number; us: number; operations: number }>()
  for (const node of nodes) {
    const kind = kindOf(node)
    const sum = kinds.get(kind) ?? { count: 0, us: 0, operations: 0 }
    kinds.set(kind, {
      count: sum.count + 1,
      us: sum.us + node.elapsedUs,
      operations: sum.operations + operationsOf(node),
    })
  }
  const all = nodes.reduce((sum, { elapsedUs }) => sum + elapsedUs, 0)
  const work = nodes.reduce((sum, node) => sum + operationsOf(node), 0)
  printHeader(
    `A step by kind of operation, memory "${plan.memory}"`,
    "kind",
    "nodes",
    "time",
    "share",
    "GFLOP/s",
    "of the limit",
  )
  const row = (kind: string, nodeCount: number, us: number, operations: number): void => {
    const speed = operations / (us * 1e-6)
    const reached = operations === 0 ? ["", ""] : [(speed / 1e9).toFixed(0), `${((100 * speed) / limit).toFixed(0)} %`]
    printRow(kind, `${nodeCount}`, `${(us / 1e6).toFixed(3)} s`, `${((100 * us) / all).toFixed(1)} %`, ...reached)
  }
  for (const [kind, { count, us, operations }] of [...kinds].sort(([, a], [, b]) => b.us - a.us)) {
    if (us > all / 1000) row(kind, count, us, operations)
  }
  row("all", nodes.length, all, work)
}
