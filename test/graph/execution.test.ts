/** What ONNX Runtime makes of a lowered training graph: values, and the order it really runs in. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromBinary } from "@bufbuild/protobuf"
import { type GraphProto, ModelProtoSchema } from "onnx-buf"
import * as ort from "onnxruntime-node"
import { describe, expect, it } from "vitest"
import { type LoweredGraph, lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import { elementCount } from "../../src/graph/shape.ts"
import type { DType } from "../../src/graph/tensor.ts"
import { interpret } from "../rig/interpret.ts"
import { relativeError } from "./closeness.ts"
import { layerNames, lowRankStack, width } from "./low-rank-stack.ts"
import { keepCasts, openSession, runOnnx } from "./run-onnx.ts"
import { seededValues } from "./seeded-values.ts"
import { withWeightFile } from "./weight-file.ts"

interface ProfileEvent {
  readonly name: string
  /** Microseconds since the session began. */
  readonly ts: number
}

const graphOf = (bytes: Uint8Array): GraphProto => fromBinary(ModelProtoSchema, bytes).graph!

/** Eighths, which every 16-bit type stores exactly, in the file's dtype and as numbers. */
const weightValues = layerNames.map((name, index) => {
  const eighths = seededValues(width * width, index).map((value) => Math.round(value * 8) / 8)
  return [`${name}.weight`, eighths] as const
})

/** bfloat16 is the upper half of float32. */
const bfloat16 = (values: Float64Array): Uint16Array =>
  Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16)

const stored = {
  float32: (values: Float64Array) => Float32Array.from(values),
  float16: (values: Float64Array) => Float16Array.from(values),
  bfloat16,
} satisfies Partial<Record<DType, (values: Float64Array) => ArrayBufferView>>

const feedsOf = ({ inputs }: LoweredGraph): Record<string, Float64Array> =>
  Object.fromEntries(inputs.map(({ name, shape }, index) => [name, seededValues(elementCount(shape), 50 + index)]))

const withStack = <A>(
  dtype: keyof typeof stored,
  use: (lowered: LoweredGraph, stack: ReturnType<typeof lowRankStack>) => Promise<A>,
  shapes: "static" | "dynamic" = "static",
): Promise<A> => {
  const stack = lowRankStack(dtype)
  const weights = Object.fromEntries(
    weightValues.map(([name, values]) => [name, [dtype, stored[dtype](values)] as const]),
  )
  return withWeightFile(weights, (locate) =>
    use(lowerToOnnx({ outputs: { loss: stack.loss }, gradients: stack.gradients, locate, shapes }), stack),
  )
}

describe("weights in a user's file", () => {
  const cases = (["float32", "float16", "bfloat16"] as const).flatMap((dtype) =>
    (["static", "dynamic"] as const).map((shapes) => ({ dtype, shapes })),
  )
  it.each(cases)("are read at their offset as $dtype, shapes $shapes", ({ dtype, shapes }) =>
    withStack(
      dtype,
      async (lowered, { loss, gradients }) => {
        const feeds = feedsOf(lowered)
        const found = await runOnnx(lowered, feeds, keepCasts)
        const expected = interpret([loss, ...Object.values(gradients)], {
          ...feeds,
          ...Object.fromEntries(weightValues),
        })
        expected.forEach((values, index) => {
          expect(relativeError(found[index]!, values), lowered.outputNames[index]!).toBeLessThan(2e-6)
        })
      },
      shapes,
    ),
  )
})

describe("the order of execution", () => {
  /** What each node writes, in the order in which the nodes ran. */
  const profiled = async (lowered: LoweredGraph): Promise<readonly string[]> => {
    const folder = await mkdtemp(join(tmpdir(), "profile-"))
    const session = await openSession(lowered, keepCasts, {
      enableProfiling: true,
      profileFilePrefix: join(folder, "run"),
    })
    const feeds = lowered.inputs.map(({ name, shape }) => {
      return [name, new ort.Tensor("float32", new Float32Array(elementCount(shape)), shape)] as const
    })
    await session.run(Object.fromEntries(feeds))
    session.endProfiling()
    const [file] = await readdir(folder)
    const events: readonly ProfileEvent[] = JSON.parse(await readFile(join(folder, file!), "utf8"))
    await rm(folder, { recursive: true })
    const outputs = new Map(graphOf(lowered.bytes).node.map(({ name, output }) => [`${name}_kernel_time`, output[0]!]))
    const ran = events.filter(({ name }) => outputs.has(name)).sort((a, b) => a.ts - b.ts)
    return ran.map(({ name }) => outputs.get(name)!)
  }

  it("computes each layer's gradients as soon as the backward pass has reached it, last layer first", () =>
    withStack("float16", async (lowered, { gradients }) => {
      const order = await profiled(lowered)
      expect(order.filter((name) => name in gradients)).toEqual(Object.keys(gradients).reverse())
    }))

  it("casts each 16-bit weight right before its product, forward and backward", () =>
    withStack("float16", async (lowered) => {
      const order = await profiled(lowered)
      const { node: nodes } = graphOf(lowered.bytes)
      const casts = nodes.filter(({ opType }) => opType === "Cast").map(({ output }) => output[0]!)
      expect(casts).toHaveLength(2 * layerNames.length - 1)
      for (const cast of casts) {
        const next = nodes.find(({ output }) => output[0] === order[order.indexOf(cast) + 1])!
        expect(next.input).toContain(cast)
      }
    }))
})
