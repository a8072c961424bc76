/**
 * Axes that change nothing: no stage reads the parameter, or none that the objective depends on. Found by wiring the pipeline at two
 * values of the axis and comparing what comes out; told before any work.
 */
import { Effect } from "effect"
import { graphShapes } from "../define/graph-shapes.ts"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { type Dimension, isThere, type Point, sizeOf } from "../search/dimension.ts"
import { valueAt, valueOfPlace } from "../search/value-in-range.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"
import { type SweepProblem, warned, wrong } from "./sweep-problems.ts"

type Wirable = Pick<PreparedSweep, "space" | "graphAt" | "measured">

export const unreadAxes = Effect.fnUntraced(function* (sweep: Wirable) {
  const found = yield* Effect.forEach(sweep.space.dimensions, (dimension) => looked(sweep, dimension))
  return found.flat()
})

const looked = Effect.fnUntraced(function* (sweep: Wirable, dimension: Dimension) {
  const [one, other] = pair(sweep.space.dimensions, dimension)
  if (other === undefined) return [] as readonly SweepProblem[]
  // What cannot be wired at some value is told when that value is tried.
  const graphs = yield* Effect.all([sweep.graphAt(one), sweep.graphAt(other)]).pipe(
    Effect.catch(() => Effect.undefined),
  )
  if (graphs === undefined) return []
  const [first, second] = graphs
  if (!isAlike(sweep.measured(first), sweep.measured(second))) return []
  const field = `space.${dimension.name}`
  if (!isAlike(first, second)) {
    const why = "no stage that the objective depends on reads it, so it cannot make a trial better or worse"
    return [warned(field, why, "Take it out, or compare its values with loom compare")]
  }
  return [wrong(field, "no stage of the pipeline reads it", "Pass it on to a stage in the pipeline, or take it out")]
})

const isAlike = (one: PipelineGraph, other: PipelineGraph): boolean => {
  const [shapes, others] = [one, other].map((graph) => [...graphShapes(graph).values()].join(" "))
  return shapes === others
}

/** Two points that differ in one dimension, and in what belongs to its values alone. */
const pair = (dimensions: readonly Dimension[], { name, range, when }: Dimension): readonly [Point, Point?] => {
  const taken = new Map(when.map(({ dimension, place }) => [dimension, place]))
  const at = (value: number): Point => {
    const point: Record<string, number> = {}
    for (const dimension of dimensions) {
      if (!isThere(dimension, point)) continue
      const first = taken.get(dimension.name) ?? valueAt(dimension.range, 0)
      point[dimension.name] = dimension.name === name ? value : first
    }
    return point
  }
  const size = sizeOf(range)
  if (size < 2) return [at(valueAt(range, 0))]
  const last = range.kind === "real" ? range.high : valueOfPlace(range, size - 1)
  return [at(valueAt(range, 0)), at(last)]
}
