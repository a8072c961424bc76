/** The printed form of a graph, frozen. */
import { expect, it } from "vitest"
import * as g from "../../src/graph/build.ts"
import { gradients } from "../../src/graph/gradients/autodiff.ts"
import { countOperations, printGraph } from "../../src/graph/print.ts"

const x = g.input("x", [5, 4])
const [down, up] = [g.input("down", [2, 4]), g.input("up", [3, 2])]
const base = g.gemm(x, g.weight("to_q.weight", [3, 4], "float16"), { transB: true })
const y = g.gemm(g.gemm(x, down, { transB: true }), up, { transB: true, alpha: 0.5, c: base })
const loss = g.meanOfAll(g.square(y))
const [dDown, dUp] = gradients(loss, [down, up])
const outputs = { loss, "d down": dDown!, "d up": dUp! }

it("a low-rank branch and its gradients print as one line per operation", () => {
  expect(printGraph(outputs)).toMatchInlineSnapshot(`
    "x = Input : float32[5,4]
    down = Input : float32[2,4]
    %2 = Gemm(x, down, transB) : float32[5,2]
    up = Input : float32[3,2]
    to_q.weight = Weight : float16[3,4]
    %5 = Cast(to_q.weight) : float32[3,4]
    %6 = Gemm(x, %5, transB) : float32[5,3]
    %7 = Gemm(%2, up, %6, transB, alpha=0.5) : float32[5,3]
    %8 = Mul(%7, %7) : float32[5,3]
    %9 = ReduceMean(%8, axes=[0,1]) : float32[]
    %10 = Constant(data=1) : float32[]
    %11 = Constant(data=0.06666666666666667) : float32[]
    %12 = Mul(%10, %11) : float32[]
    %13 = Reshape(%12) : float32[1,1]
    %14 = Expand(%13) : float32[5,3]
    %15 = Mul(%14, %7) : float32[5,3]
    %16 = Mul(%14, %7) : float32[5,3]
    %17 = Add(%15, %16) : float32[5,3]
    %18 = Gemm(%17, up, alpha=0.5) : float32[5,2]
    %19 = Gemm(%18, x, transA) : float32[2,4]
    %20 = Gemm(%17, %2, transA, alpha=0.5) : float32[3,2]
    output loss = %9
    output d down = %19
    output d up = %20"
  `)
})

it("a second output and data print too", () => {
  const { outputs: all } = g.layerNormalization(x, g.constant(Float32Array.of(1, 2, 3, 4)), undefined, 1e-5).node
  expect(printGraph({ deviation: all[2]! })).toMatchInlineSnapshot(`
    "x = Input : float32[5,4]
    %1 = Constant(data=1 2 3 4) : float32[4]
    %2 = LayerNormalization(x, %1, epsilon=0.00001) : float32[5,4]
    output deviation = %2.2"
  `)
})

it("operations are counted by name", () => {
  expect(Object.fromEntries(countOperations({ loss }))).toEqual({
    Cast: 1,
    Gemm: 3,
    Input: 3,
    Mul: 1,
    ReduceMean: 1,
    Weight: 1,
  })
})
