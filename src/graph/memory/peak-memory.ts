/**
 * How many bytes of intermediate values one run of a graph holds at most, told from the graph alone.
 *
 * The one idea: the order of execution is known (`execution-order.ts`), and so is how ONNX Runtime lays values out in
 * a sequential run, so the run can be gone through on paper. Its rules (core/framework/allocation_planner.cc): a
 * reshape is another name for the same bytes; an operation may write over an input that nobody else reads (`result-
 * places.ts`); a new value takes the place of a dead one of the same shape, which thereby stays allocated in between;
 * everything else is allocated when it is made and freed after its last reader. With dynamic shapes only the first and
 * the last rule hold.
 * Not counted: feeds, results, weights, and what a kernel needs inside (copies in another layout, packed blocks).
 */
import { executionOrder } from "../execution-order.ts"
import type { GraphShapes } from "../onnx/dynamic-shapes.ts"
import { dtypeBytes } from "../onnx/onnx-proto.ts"
import { isNamedByItself } from "../onnx/stored-constants.ts"
import { elementCount, sameShape } from "../shape.ts"
import type { Node, Tensor } from "../tensor.ts"
import { isView, resultPlaces } from "./result-places.ts"

export interface GraphRun {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly gradients?: Readonly<Record<string, Tensor>>
  /** As in `lowerToOnnx`. */
  readonly shapes?: GraphShapes
}

export interface MemoryOfRun {
  readonly peakBytes: number
  /** Bytes held while each node of the order runs. */
  readonly curve: readonly { readonly node: Node; readonly bytes: number }[]
}

/** Bytes in which one value after the other lives, from the first one's making to the last one's last reading. */
interface Place {
  readonly first: Tensor
  readonly bytes: number
  start: number
  end: number
  readers: number
}

const bytesOf = ({ shape, dtype }: Tensor): number => elementCount(shape) * dtypeBytes[dtype]

export const memoryOfRun = ({ outputs, gradients = {}, shapes = "static" }: GraphRun): MemoryOfRun => {
  const [forward, backward] = [Object.values(outputs), Object.values(gradients)]
  const order = executionOrder(forward, backward).filter((node) => !isNamedByItself(node))
  const places = placesOf(order, new Set([...forward, ...backward]), shapes === "static")
  const change = new Float64Array(order.length + 1)
  for (const { bytes, start, end } of places) {
    change[start]! += bytes
    change[end + 1]! -= bytes
  }
  let bytes = 0
  const curve = order.map((node, at) => {
    bytes += change[at]!
    return { node, bytes }
  })
  return { peakBytes: curve.reduce((most, point) => Math.max(most, point.bytes), 0), curve }
}

const readerCounts = (order: readonly Node[]): ReadonlyMap<Tensor, number> => {
  const readers = new Map<Tensor, number>()
  for (const { inputs } of order) for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1)
  return readers
}

const placesOf = (order: readonly Node[], results: ReadonlySet<Tensor>, isShared: boolean): readonly Place[] => {
  const readers = readerCounts(order)
  const placeOf = new Map<Tensor, Place>()
  const dead = new Map<string, Place[]>()
  const all: Place[] = []
  const take = (node: Node, output: Tensor, at: number): Place => {
    const inside = isShared || isView(node) ? placeInside(node, output, placeOf) : undefined
    const known = inside ?? dead.get(likeness(output))?.pop()
    if (known !== undefined) return known
    const made = { first: output, bytes: bytesOf(output), start: at, end: at, readers: 0 }
    all.push(made)
    return made
  }
  order.forEach((node, at) => {
    for (const output of node.outputs) {
      const count = readers.get(output) ?? 0
      const isElsewhere = results.has(output) || (isView(node) && !placeOf.has(node.inputs[0]!))
      if (isElsewhere || count === 0) continue
      const place = take(node, output, at)
      place.readers += count
      place.end = at
      placeOf.set(output, place)
    }
    for (const input of node.inputs) {
      const place = placeOf.get(input)
      if (place === undefined) continue
      place.readers -= 1
      place.end = at
      if (isShared && place.readers === 0 && place.first.shape.length > 0) bury(dead, place)
    }
  })
  return all
}

/** Places are shared among values that are alike. */
const likeness = ({ dtype, shape }: Tensor): string => `${dtype}${shape}`

const bury = (dead: Map<string, Place[]>, place: Place): void => {
  const alike = likeness(place.first)
  const others = dead.get(alike)
  if (others === undefined) dead.set(alike, [place])
  else others.push(place)
}

/** The place of an input that the node's first output may take over. */
const placeInside = (node: Node, output: Tensor, placeOf: ReadonlyMap<Tensor, Place>): Place | undefined => {
  if (output.index !== 0) return undefined
  const takenOver = (input: Tensor | undefined): Place | undefined => {
    const place = input && placeOf.get(input)
    const fits = place?.readers === 1 && sameShape(input!.shape, output.shape) && input!.dtype === output.dtype
    return fits ? place : undefined
  }
  const [first, second] = node.inputs
  switch (resultPlaces[node.op]) {
    case "view":
      return placeOf.get(first!)
    case "over first":
      return takenOver(first)
    case "over either":
      return takenOver(first) ?? takenOver(second)
    case "own":
      return undefined
  }
}
