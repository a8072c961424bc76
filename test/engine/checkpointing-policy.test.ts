/** The checkpointing policy: each mode holds less than the one before, and "small" does no more again than it has to. */
import { describe, expect, it } from "vitest"
import { withCheckpointing } from "../../src/engine/session/checkpointing-policy.ts"
import * as g from "../../src/graph/build.ts"
import { executionOrder } from "../../src/graph/execution-order.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import type { DifferentiatedGraph } from "../../src/graph/memory/recompute.ts"
import { floatingPointOperations } from "../../src/graph/memory/work.ts"
import { memoryModes } from "../../src/settings/memory-mode.ts"

const [tokens, width, layers] = [512, 1280, 60]

/** Feed-forward blocks behind norms, as in a transformer. */
const blocks = (): DifferentiatedGraph => {
  const names = Array.from({ length: layers }, (_, layer) => `w${layer}`)
  const trained = names.map((name) => g.input(name, [4 * width, width]))
  const outward = g.input("outward", [width, 4 * width])
  let x = g.input("x", [tokens, width])
  for (const w of trained) {
    const hidden = g.gemm(g.layerNormalization(x, g.ones([width]), undefined, 1e-5), w, { transB: true })
    x = g.add(x, g.gemm(g.gelu(hidden), outward, { transB: true }))
  }
  const loss = g.meanOfAll(g.square(x))
  const ofTrained = gradients(loss, trained)
  return { outputs: { loss }, gradients: Object.fromEntries(names.map((name, at) => [`d ${name}`, ofTrained[at]!])) }
}

const workOf = ({ outputs, gradients }: DifferentiatedGraph): number =>
  executionOrder(Object.values(outputs), Object.values(gradients)).reduce(
    (sum, node) => sum + floatingPointOperations(node),
    0,
  )

describe("the checkpointing policy", () => {
  const [fast, balanced, small] = memoryModes.map((mode) => withCheckpointing(blocks(), mode, "dynamic"))

  it("each holds less than the one before", () => {
    expect(balanced!.peakBytes).toBeLessThan(fast!.peakBytes)
    expect(small!.peakBytes).toBeLessThan(balanced!.peakBytes)
  })

  it("balanced does hardly any work twice", () => {
    expect(workOf(balanced!.graph) / workOf(fast!.graph)).toBeLessThan(1.01)
  })

  it("small comes down to three tenths of fast, and leaves most products alone", () => {
    expect(small!.peakBytes / fast!.peakBytes).toBeLessThanOrEqual(0.3)
    expect(small!.peakBytes / fast!.peakBytes).toBeGreaterThan(0.2)
    expect(workOf(small!.graph) / workOf(fast!.graph)).toBeLessThan(1.25)
  })
})
