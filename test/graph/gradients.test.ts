/** Every row of the gradient table against central differences in double precision. */
import { describe, expect, it } from "vitest"
import { type GradientRule, NoGradient } from "../../src/graph/gradients/gradient-rule.ts"
import { gradientRules } from "../../src/graph/gradients/gradients.ts"
import type { OperationName } from "../../src/graph/operations.ts"
import { postOrder } from "../../src/graph/post-order.ts"
import type { Node } from "../../src/graph/tensor.ts"
import { interpret } from "../rig/interpret.ts"
import { relativeError } from "./closeness.ts"
import { type OperationCase, operationCases } from "./operation-cases.ts"
import { type Differentiated, differentiated } from "./operation-check.ts"

/** (f(x + h) − f(x − h)) / 2h, whose error h² meets the rounding 1e-16/h near h = 1e-5. */
const step = 1e-5

const centralDifferences = ({ loss, values }: Differentiated, name: string): Float64Array =>
  values[name]!.map((value, place) => {
    const lossAt = (shifted: number): number =>
      interpret([loss], { ...values, [name]: values[name]!.with(place, shifted) })[0]![0]!
    return (lossAt(value + step) - lossAt(value - step)) / (2 * step)
  })

const nodesOf = (operationCase: OperationCase): readonly Node[] => postOrder([differentiated(operationCase).y])

const operations = Object.keys(gradientRules) as OperationName[]

describe.each(operations)("%s", (op) => {
  it("has cases, and each contains the operation", () => {
    expect(operationCases[op].length).toBeGreaterThan(0)
    for (const operationCase of operationCases[op]) {
      expect(nodesOf(operationCase).some((node) => node.op === op)).toBe(true)
    }
  })

  it.each(operationCases[op])("its gradient agrees with central differences: $title", (operationCase) => {
    const result = differentiated(operationCase)
    const found = interpret(result.gradients, result.values)
    Object.keys(operationCase.feeds).forEach((name, index) => {
      expect(result.gradients[index]!.shape).toEqual(operationCase.feeds[name])
      expect(relativeError(found[index]!, centralDifferences(result, name)), name).toBeLessThan(1e-8)
    })
  })

  it("is differentiated in the cases towards every input that carries a gradient, or says why there is none", () => {
    const rule = gradientRules[op]
    if (rule instanceof NoGradient) return expect(rule.reason).not.toBe("")
    const [carrying, checked] = [new Set<number>(), new Set<number>()]
    for (const node of operationCases[op].flatMap(nodesOf).filter((node) => node.op === op)) {
      const inputGradients = (rule as GradientRule<OperationName>)({
        node,
        inputs: node.inputs,
        y: node.outputs[0]!,
        g: node.outputs[0]!,
      })
      node.inputs.forEach((input, index) => {
        if (inputGradients[index] !== undefined) carrying.add(index)
        if (postOrder([input]).some((source) => source.op === "Input")) checked.add(index)
      })
    }
    expect([...carrying].filter((index) => !checked.has(index))).toEqual([])
  })
})
