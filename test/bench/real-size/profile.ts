/** ONNX Runtime's profile of a step: what each node did, how long, and how many floating-point operations it took. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

type Shape = readonly number[]
type Typed = Readonly<Record<string, Shape>>

interface ProfileEvent {
  readonly cat: string
  readonly name: string
  /** Microseconds since the session began. */
  readonly ts: number
  readonly dur: number
  readonly args?: {
    readonly op_name?: string
    readonly input_type_shape?: readonly Typed[]
    readonly output_type_shape?: readonly Typed[]
  }
}

export interface NodeRun {
  readonly name: string
  readonly op: string
  readonly startUs: number
  readonly elapsedUs: number
  readonly inputs: readonly Shape[]
  readonly output: Shape
}

/** Gives a prefix for a profile to `run`, then reads the last run of every node. */
export const profiled = async (run: (prefix: string) => Promise<void>): Promise<readonly NodeRun[]> => {
  const folder = mkdtempSync(join(tmpdir(), "loom-profile-"))
  try {
    await run(join(folder, "step"))
    const events = readdirSync(folder).flatMap(
      (file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as ProfileEvent[],
    )
    const last = new Map<string, NodeRun>()
    for (const { cat, name, ts, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time")) continue
      const shapes = (typed: readonly Typed[] = []) => typed.map((one) => Object.values(one)[0] ?? [])
      const [inputs, output] = [shapes(args?.input_type_shape), shapes(args?.output_type_shape)[0] ?? []]
      last.set(name, { name, op: args?.op_name ?? "", startUs: ts, elapsedUs: dur, inputs, output })
    }
    return [...last.values()].sort((a, b) => a.startUs - b.startUs)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const count = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1)

/** Of products alone; 0 for everything else. */
export const operationsOf = ({ op, inputs, output }: NodeRun): number => {
  const [a = [], b = []] = inputs
  switch (op) {
    case "MatMul":
    case "FusedMatMul":
      return 2 * count(output) * (count(a) / (count(output) / output.at(-1)!))
    case "Gemm":
      return 2 * count(output) * (count(a) / output[0]!)
    case "Conv":
      return 2 * count(output) * count(b.slice(1))
    case "ConvTranspose":
      return 2 * count(a) * count(b.slice(1))
    case "MultiHeadAttention":
      return 4 * count(output) * b[1]!
    default:
      return 0
  }
}
