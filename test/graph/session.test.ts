/** Every operation, forward and backward, run by ONNX Runtime: agrees with the interpreter to float32 rounding. */
import { describe, expect, it } from "vitest"
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import type { OperationName } from "../../src/graph/operations.ts"
import { interpret } from "../rig/interpret.ts"
import { relativeError } from "./closeness.ts"
import { frozenWeight, operationCases } from "./operation-cases.ts"
import { differentiated } from "./operation-check.ts"
import { runOnnx } from "./run-onnx.ts"
import { withWeightFile } from "./weight-file.ts"

const float32Rounding = 2e-6

describe.each(Object.keys(operationCases) as OperationName[])("%s", (op) => {
  const cases = operationCases[op].flatMap((operationCase) =>
    (["static", "dynamic"] as const).map((shapes) => ({ ...operationCase, shapes })),
  )
  it.each(cases)("ONNX Runtime agrees, shapes $shapes: $title", async ({ shapes, ...operationCase }) => {
    const { y, gradients, values } = differentiated(operationCase)
    const named = Object.fromEntries(gradients.map((gradient, index) => [`gradient ${index}`, gradient]))
    const weights = { [frozenWeight.name]: ["float32", Float32Array.from(values[frozenWeight.name]!)] } as const
    const found = await withWeightFile(weights, (locate) =>
      runOnnx(lowerToOnnx({ outputs: { y }, gradients: named, locate, shapes }), values),
    )
    const expected = interpret([y, ...gradients], values)
    expected.forEach((value, index) => {
      expect(relativeError(found[index]!, value), index === 0 ? "y" : `gradient ${index - 1}`).toBeLessThan(
        operationCase.rounding ?? float32Rounding,
      )
    })
  })
})
