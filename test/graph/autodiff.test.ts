/** The reverse walk: how far it goes, what it adds up, what it leaves alone. */
import { describe, expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { countOperations, printGraph } from "../../src/graph/print.ts"
import { interpret } from "../rig/interpret.ts"

describe("the walk", () => {
  const x = g.input("x", [3, 4])
  const w = g.input("w", [2, 4])

  it("never builds the gradient of what is not asked for", () => {
    const loss = g.meanOfAll(g.gemm(x, w, { transB: true }))
    const [dw] = gradients(loss, [w])
    // dx would read w.
    expect(printGraph({ dw: dw! })).not.toContain("w = Input")
  })

  it("gives zeros for a tensor the loss does not depend on", () => {
    const [dw] = gradients(g.meanOfAll(x), [w])
    expect(dw!.shape).toEqual([2, 4])
    expect(interpret([dw!], {})[0]).toEqual(new Float64Array(8))
  })

  it("gives zeros where the only path is piecewise constant", () => {
    const loss = g.meanOfAll(g.cast(g.greater(x, 0), "float32"))
    expect(interpret(gradients(loss, [x]), {})[0]).toEqual(new Float64Array(12))
  })

  it("adds what arrives on several paths", () => {
    // d(x² + 3x)/dx = 2x + 3
    const loss = g.reduceSum(g.add(g.square(x), g.mul(x, 3)), [0, 1])
    const values = Float64Array.from({ length: 12 }, (_, place) => place)
    expect(interpret(gradients(loss, [x]), { x: values })[0]).toEqual(values.map((value) => 2 * value + 3))
  })

  it("goes on behind a target: a tensor and what it is computed from can both be asked for", () => {
    // loss = Σ(2x)²: with respect to 2x it is 2·2x, with respect to x twice that
    const doubled = g.mul(x, 2)
    const found = gradients(g.reduceSum(g.square(doubled), [0, 1]), [doubled, x])
    const values = Float64Array.from({ length: 12 }, (_, place) => place)
    expect(interpret(found, { x: values })).toEqual([
      values.map((value) => 4 * value),
      values.map((value) => 8 * value),
    ])
  })

  it("gives 1 for the loss itself", () => {
    const loss = g.meanOfAll(x)
    expect(interpret(gradients(loss, [loss]), {})).toEqual([Float64Array.of(1)])
  })

  it("lets a second product take the first gradient as its C instead of adding", () => {
    const other = g.input("other", [5, 4])
    const outputs = [g.gemm(x, w, { transB: true }), g.gemm(x, other, { transB: true })]
    const loss = outputs.map((output) => g.meanOfAll(g.square(output))).reduce(g.add)
    const [dx] = gradients(loss, [x])
    expect(dx!.node.op).toBe("Gemm")
    expect(dx!.node.inputs[2]?.node.op).toBe("Gemm")
  })

  it("does not compute a product twice that arrives twice", () => {
    // Both inputs of the sum get the same gradient, which is itself a product.
    const loss = g.meanOfAll(g.gemm(g.add(x, x), w, { transB: true }))
    const [dx] = gradients(loss, [x])
    expect(countOperations({ dx: dx! }).get("Gemm")).toBe(1)
    expect(dx!.node.op).toBe("Add")
  })

  it("casts a frozen 16-bit weight anew for the backward pass, also behind a reshape", () => {
    const frozen = g.reshape(g.weight("frozen", [2, 4, 1, 1], "float16"), [2, 4])
    const loss = g.meanOfAll(g.gemm(x, frozen, { transB: true }))
    const [dx] = gradients(loss, [x])
    const counts = countOperations({ loss, dx: dx! })
    expect([counts.get("Weight"), counts.get("Cast"), counts.get("Reshape")]).toEqual([1, 2, 3])
  })

  it("refuses a loss of more than one element", () => {
    expect(() => gradients(x, [x])).toThrow(/reduce it to one/)
  })

  it("refuses a path through an output that is not differentiable", () => {
    const [, mean] = g.layerNormalization(x, g.ones([4]), undefined, 1e-5).node.outputs
    expect(() => gradients(g.meanOfAll(g.square(mean!)), [x])).toThrow(/output 1 of LayerNormalization/)
  })

  it("crosses graphs deeper than the call stack", () => {
    let deep = x
    for (let layer = 0; layer < 20_000; layer++) deep = g.add(deep, 1)
    const [dx] = gradients(g.reduceSum(deep, [0, 1]), [x])
    expect(interpret([dx!], {})[0]).toEqual(new Float64Array(12).fill(1))
  })
})
