/** Every operation through every table over the list, and the places that miss an operation which is only listed. */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { gradientRules } from "../../src/graph/gradients/gradients.ts"
import { InvalidGraph } from "../../src/graph/invalid-graph.ts"
import { resultPlaces } from "../../src/graph/memory/result-places.ts"
import { floatingPointOperations } from "../../src/graph/memory/work.ts"
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import type { OperationName } from "../../src/graph/operations.ts"
import { postOrder } from "../../src/graph/post-order.ts"
import { printGraph } from "../../src/graph/print.ts"
import { elementCount } from "../../src/graph/shape.ts"
import { shapeRules } from "../../src/graph/shape-rules.ts"
import type { Node, NodeOf, Tensor } from "../../src/graph/tensor.ts"
import { zeroWhen } from "../../src/graph/zero.ts"
import { frozenWeight, type OperationCase, operationCases } from "./operation-cases.ts"
import { differentiated } from "./operation-check.ts"

const root = resolve(import.meta.dirname, "../..")
const operations = Object.keys(operationCases) as OperationName[]
const resultOf = (operationCase: OperationCase): Tensor => differentiated(operationCase).y
const appliedTo = <O extends OperationName>(inputs: readonly Tensor[], { op, attributes }: NodeOf<O>) =>
  shapeRules[op](inputs, attributes)
const locate = () => ({
  file: "/weights",
  offsetBytes: 0,
  lengthBytes: 4 * elementCount(frozenWeight.shape),
  dtype: "float32" as const,
})

it("every table has the same operations, in the order of the list", () => {
  const listed = [...readFileSync(join(root, "src/graph/operations.ts"), "utf8").matchAll(/^ {2}readonly (\w+):/gm)]
  const names = listed.map(([, name]) => name)
  for (const table of [shapeRules, gradientRules, resultPlaces, zeroWhen, operationCases]) {
    expect(Object.keys(table)).toEqual(names)
  }
})

describe.each(operations)("%s", (op) => {
  const isIt = (node: Node): boolean => node.op === op
  const nodes = operationCases[op].flatMap((one) => postOrder([resultOf(one)]).filter(isIt))

  it("is refused in words without the inputs it takes", () => {
    for (const node of nodes.filter(({ inputs }) => inputs.length > 0)) {
      expect(() => appliedTo([], node)).toThrow(InvalidGraph)
    }
  })

  it("takes some work or none", () => {
    for (const node of nodes) expect(floatingPointOperations(node)).toBeGreaterThanOrEqual(0)
  })

  it("puts its result where one of its inputs leaves room", () => {
    const place = resultPlaces[op]
    for (const { inputs, outputs } of nodes) {
      if (place !== "own") expect(inputs.length).toBeGreaterThanOrEqual(place === "over either" ? 2 : 1)
      if (place === "view") expect(elementCount(inputs[0]!.shape)).toBe(elementCount(outputs[0]!.shape))
    }
  })

  it.each(operationCases[op])("is printed and lowered: $title", (operationCase) => {
    const y = resultOf(operationCase)
    expect(printGraph({ y })).toMatch(new RegExp(`= ${op}\\b`))
    expect(lowerToOnnx({ outputs: { y }, locate }).bytes.length).toBeGreaterThan(0)
  })
})

describe("an operation that is only listed", () => {
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "loom-operation-"))
    for (const part of ["tsconfig.json", "package.json", "src/graph", "test/graph", "test/rig/interpret.ts"]) {
      cpSync(join(root, part), join(copy, part), { recursive: true })
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
    const list = join(copy, "src/graph/operations.ts")
    const madeUp = "readonly Softsign: { readonly sharpness: number }"
    writeFileSync(
      list,
      readFileSync(list, "utf8").replace("readonly Tanh: None", (tanh) => `${tanh}\n  ${madeUp}`),
    )
    const include = ["src/graph", "test/graph/operation-cases.ts", "test/rig/interpret.ts"]
    writeFileSync(join(copy, "tsconfig.only.json"), JSON.stringify({ extends: "./tsconfig.json", include }))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it("is missed by the type checker in each file that the recipe names, and in no other", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const { stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", "tsconfig.only.json"], {
      cwd: copy,
      encoding: "utf8",
    })
    const complaining = [...stdout.matchAll(/^(\S+)\(\d+,\d+\): error .*(?:Softsign|sharpness)/gm)].map(
      ([, file]) => file,
    )
    const recipe = readFileSync(join(root, "docs/contributing/operation.md"), "utf8")
    const named = [...recipe.matchAll(/^\| `([^`]+)` \|/gm)].map(([, file]) => file)
    expect(complaining.length, stdout).toBeGreaterThan(0)
    expect(complaining.toSorted()).toEqual(named.toSorted())
    expect(stdout.match(/error/g)).toHaveLength(complaining.length)
  })
})
