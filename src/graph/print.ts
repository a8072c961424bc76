/**
 * A graph as text: for people, and for tests that freeze the form of a graph.
 *
 * One line per operation in the order of computation, numbered by that order; equal graphs print equally.
 */
import type { OperationName } from "./operations.ts"
import { postOrder } from "./post-order.ts"
import { printShape } from "./shape.ts"
import type { Node, Tensor, TensorType } from "./tensor.ts"

export const printGraph = (outputs: Readonly<Record<string, Tensor>>): string => {
  const names = new Map<Node, string>()
  const nameOf = ({ node, index }: Tensor): string => names.get(node)! + (index === 0 ? "" : `.${index}`)
  const lines = postOrder(Object.values(outputs)).map((node) => {
    const named = node.op === "Input" || node.op === "Weight"
    const name = named ? node.attributes.name : `%${names.size}`
    names.set(node, name)
    const call = named ? node.op : `${node.op}(${[...node.inputs.map(nameOf), ...attributesOf(node)].join(", ")})`
    return `${name} = ${call} : ${printType(node.outputs[0]!)}`
  })
  const results = Object.entries(outputs).map(([name, tensor]) => `output ${name} = ${nameOf(tensor)}`)
  return [...lines, ...results].join("\n")
}

/** How often each operation occurs, by name. */
export const countOperations = (outputs: Readonly<Record<string, Tensor>>): ReadonlyMap<OperationName, number> => {
  const counts = new Map<OperationName, number>()
  for (const { op } of postOrder(Object.values(outputs))) counts.set(op, (counts.get(op) ?? 0) + 1)
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const printType = ({ dtype, shape }: TensorType): string => dtype + printShape(shape)

const attributesOf = ({ op, attributes }: Node): readonly string[] => {
  // The type behind the line's colon says these already.
  const hidden = op === "Constant" ? ["shape", "dtype"] : ["shape", "to"]
  return Object.entries(attributes)
    .filter(([key, value]) => !hidden.includes(key) && value !== false && !isNeutral(key, value))
    .map(([key, value]) => (value === true ? key : `${key}=${printValue(value)}`))
}

const isNeutral = (key: string, value: unknown): boolean => (key === "alpha" || key === "beta") && value === 1

const printValue = (value: unknown): string => {
  if (value instanceof Float32Array || value instanceof BigInt64Array) {
    return value.length > 8 ? `${value.slice(0, 8).join(" ")} …` : value.join(" ")
  }
  return Array.isArray(value) ? `[${value.join(",")}]` : String(value)
}
