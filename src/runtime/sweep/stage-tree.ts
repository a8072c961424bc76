/**
 * What the trials of a sweep have in common, known before anything runs: each long computation is a path of steps, and paths that begin
 * alike are one path up to where they part.
 *
 * From it follow how many steps have to be computed, and where snapshots are wanted: wherever a path parts from another one or ends
 * on it. The order in which paths come decides which trial is said to have trained a shared step, and nothing else.
 */
import { graphShapes } from "../define/graph-shapes.ts"
import type { PipelineGraph, StageInstance } from "../define/pipeline-graph.ts"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { Course } from "../model/course.ts"
import { digestText } from "../model/fingerprint.ts"

export interface SharedSteps {
  /** Steps of all courses of the graph. */
  readonly asked: number
  /** Those that no graph before had. */
  readonly added: number
}

export interface StageTree {
  readonly add: (graph: PipelineGraph) => SharedSteps
  /** By label, of a graph that was added: steps after which another path parts from this one or ends on it. */
  readonly waypoints: (graph: PipelineGraph) => ReadonlyMap<string, readonly number[]>
}

interface Path {
  readonly label: string
  /** What all steps depend on, the stages before included. */
  readonly start: string
  readonly steps: readonly number[]
}

interface Branch {
  /** Steps from its parent's end to its own. */
  steps: readonly number[]
  /** By their first step. */
  children: Map<number, Branch>
}

export const stageTree = (): StageTree => {
  const roots = new Map<string, Branch>()
  const numbers = new Map<string, number>()
  const numberOf = (step: Json): number => {
    const text = canonicalJson(step)
    const known = numbers.get(text) ?? numbers.size
    numbers.set(text, known)
    return known
  }
  const pathsOf = (graph: PipelineGraph) => coursesIn(graph).map((found) => asPath(found, numberOf))
  return {
    add: (graph) => {
      let [asked, added] = [0, 0]
      for (const { start, steps } of pathsOf(graph)) {
        const root = roots.get(start) ?? { steps: [], children: new Map() }
        roots.set(start, root)
        asked += steps.length
        added += grow(root, steps)
      }
      return { asked, added }
    },
    waypoints: (graph) =>
      new Map(
        pathsOf(graph).flatMap(({ label, start, steps }) => {
          const root = roots.get(start)
          return root === undefined ? [] : [[label, endsAlong(root, steps)] as const]
        }),
      ),
  }
}

interface FoundCourse {
  readonly label: string
  readonly shape: string
  readonly course: Course
}

/** The courses of a graph's stages. */
const coursesIn = (graph: PipelineGraph): readonly FoundCourse[] => {
  const withCourse = graph.stages.flatMap((instance) => {
    const course = courseOf(instance)
    return course === undefined ? [] : [{ instance, course }]
  })
  if (withCourse.length === 0) return []
  const shapes = graphShapes(graph)
  return withCourse.map(({ instance: { label, inputs }, course }) => ({
    label,
    course,
    shape: canonicalJson(Object.fromEntries(Object.entries(inputs).map(([name, from]) => [name, shapes.get(from)!]))),
  }))
}

export const courseOf = ({ node, params }: StageInstance): Course | undefined =>
  node.kind !== "stage" || node.course === undefined || params === undefined ? undefined : node.course.of(params)

/** Steps of the longest course; null where there is none to count. */
export const longestCourse = (graph: PipelineGraph): { readonly steps: number; readonly unit: string } | null => {
  const courses = graph.stages.flatMap((instance) => courseOf(instance) ?? [])
  const [first, ...others] = courses.sort((a, b) => b.steps.length - a.steps.length)
  if (first === undefined) return null
  return { steps: first.steps.length, unit: others.some(({ unit }) => unit !== first.unit) ? "steps" : first.unit }
}

const asPath = ({ label, shape, course }: FoundCourse, numberOf: (step: Json) => number): Path => {
  let last: { readonly step: Json; readonly number: number } | undefined
  const steps = course.steps.map((step) => {
    if (last?.step !== step) last = { step, number: numberOf(step) }
    return last.number
  })
  return { label, start: digestText(canonicalJson([shape, course.unit, course.start])), steps }
}

/** Adds a path; returns how many of its steps are new. */
const grow = (root: Branch, path: readonly number[]): number => {
  let [branch, at] = [root, 0]
  for (;;) {
    const next = at < path.length ? branch.children.get(path[at]!) : undefined
    if (next === undefined) {
      if (at < path.length) branch.children.set(path[at]!, { steps: path.slice(at), children: new Map() })
      return path.length - at
    }
    const common = commonLength(next.steps, path, at)
    if (common < next.steps.length) split(next, common)
    branch = next
    at += common
  }
}

const commonLength = (steps: readonly number[], path: readonly number[], from: number): number => {
  let length = 0
  while (length < steps.length && from + length < path.length && steps[length] === path[from + length]) length++
  return length
}

const split = (branch: Branch, at: number): void => {
  const rest: Branch = { steps: branch.steps.slice(at), children: branch.children }
  branch.steps = branch.steps.slice(0, at)
  branch.children = new Map([[rest.steps[0]!, rest]])
}

/** Ends of the branches that a path runs along. */
const endsAlong = (root: Branch, path: readonly number[]): readonly number[] => {
  const ends: number[] = []
  for (let branch = root, at = 0; at < path.length; ) {
    const next = branch.children.get(path[at]!)
    if (next === undefined || commonLength(next.steps, path, at) < Math.min(next.steps.length, path.length - at)) break
    at += next.steps.length
    if (at <= path.length) ends.push(at)
    branch = next
  }
  return ends
}
