/**
 * A graph as text: for people, and for tests that freeze the form of a graph.
 *
 * One line per operation in the order of computation, numbered by that order; equal graphs print equally.
 */
import type { Attributes, OperationName } from "./operations.ts"
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

type AttributeName = { readonly [O in OperationName]: keyof Attributes[O] }[OperationName]

const always = (): boolean => true
/** The line's name or type says it already. */
const never = (): boolean => false
const unless =
  (neutral: unknown) =>
  (value: unknown): boolean =>
    value !== neutral

/** Whether an attribute is printed: one row per name, total over the attributes of all operations. */
const isPrinted: Readonly<Record<AttributeName, (value: unknown) => boolean>> = {
  name: never,
  shape: never,
  dtype: never,
  to: never,
  data: always,
  min: always,
  max: always,
  axes: always,
  keepdims: unless(false),
  perm: always,
  axis: always,
  start: always,
  end: always,
  step: always,
  before: always,
  after: always,
  transA: unless(false),
  transB: unless(false),
  alpha: unless(1),
  beta: unless(1),
  pads: always,
  strides: always,
  outputPadding: always,
  factor: always,
  epsilon: always,
  heads: always,
}

const attributesOf = ({ attributes }: Node): readonly string[] =>
  Object.entries(attributes)
    .filter(([name, value]) => isPrinted[name as AttributeName](value))
    .map(([name, value]) => (value === true ? name : `${name}=${printValue(value)}`))

const printValue = (value: unknown): string => {
  if (value instanceof Float32Array || value instanceof BigInt64Array) {
    return value.length > 8 ? `${value.slice(0, 8).join(" ")} …` : value.join(" ")
  }
  return Array.isArray(value) ? `[${value.join(",")}]` : String(value)
}
