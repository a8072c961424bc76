/**
 * What the trials of a sweep have in common, known before anything runs: each long computation is a path of steps, and paths that begin
 * alike are one path up to where they part.
 *
 * From it follow how many steps have to be computed, and where snapshots are wanted: wherever a path parts from another one or ends
 * on it. The order in which paths come decides which trial is said to have trained a shared step, and nothing else.
 */
import { graphShapes } from "../define/graph-shapes.ts"
import type { PipelineGraph, StageInstance } from "../define/pipeline-graph.ts"
import { canonicalJson } from "../model/canonical-json.ts"
import type { Course } from "../model/course.ts"
import { digestText } from "../model/fingerprint.ts"

/** A stretch of a path that it shares with all paths of the same branch. */
export interface Segment {
  /** Of the branch. */
  readonly id: number
  /** It holds the steps after `from`, up to `to`. */
  readonly from: number
  readonly to: number
}

export interface StageTree {
  /** How many steps of its courses no graph before had. */
  readonly add: (graph: PipelineGraph) => number
  /** Makes the first steps of a stage's path known, as if a graph before had had them. */
  readonly know: (graph: PipelineGraph, label: string, steps: number) => void
  /** By label, of a graph that was added: steps after which another path parts from this one or ends on it. */
  readonly waypoints: (graph: PipelineGraph) => ReadonlyMap<string, readonly number[]>
  /** By label, of a graph that was added: the branches that its paths run along. Valid until another graph is added. */
  readonly segments: (graph: PipelineGraph) => ReadonlyMap<string, readonly Segment[]>
}

interface Path {
  readonly label: string
  /** What all steps depend on, the stages before included. */
  readonly start: string
  readonly steps: readonly number[]
}

interface Branch {
  readonly id: number
  /** Steps from its parent's end to its own. */
  steps: readonly number[]
  /** By their first step. */
  children: Map<number, Branch>
}

export const stageTree = (): StageTree => {
  const roots = new Map<string, Branch>()
  let branches = 0
  const branch = (steps: Branch["steps"], children: Branch["children"] = new Map()): Branch => ({
    ...{ id: branches++, steps, children },
  })
  const rootOf = (start: string): Branch => {
    const root = roots.get(start) ?? branch([])
    roots.set(start, root)
    return root
  }
  const numbers = new Map<string, number>()
  const numberOf = (text: string): number => {
    const known = numbers.get(text) ?? numbers.size
    numbers.set(text, known)
    return known
  }
  const pathsOf = (graph: PipelineGraph) => coursesIn(graph).map((found) => asPath(found, numberOf))
  const segments = (graph: PipelineGraph) =>
    new Map(
      pathsOf(graph).flatMap(({ label, start, steps }) => {
        const root = roots.get(start)
        return root === undefined ? [] : [[label, along(root, steps)] as const]
      }),
    )
  return {
    add: (graph) => pathsOf(graph).reduce((sum, { start, steps }) => sum + grow(branch, rootOf(start), steps), 0),
    know: (graph, wanted, known) => {
      for (const { label, start, steps } of pathsOf(graph)) {
        if (label === wanted) grow(branch, rootOf(start), steps.slice(0, known))
      }
    },
    waypoints: (graph) =>
      new Map([...segments(graph)].map(([label, along]) => [label, along.map(({ to }) => to)] as const)),
    segments,
  }
}

/** A stage's course, written down. */
interface WrittenCourse {
  readonly label: string
  /** What all steps depend on, the stages before included. */
  readonly start: string
  readonly steps: readonly string[]
}

const written = new WeakMap<PipelineGraph, readonly WrittenCourse[]>()

/** The courses of a graph's stages. A graph is looked through once. */
const coursesIn = (graph: PipelineGraph): readonly WrittenCourse[] => {
  const courses = written.get(graph) ?? writtenCourses(graph)
  written.set(graph, courses)
  return courses
}

const writtenCourses = (graph: PipelineGraph): readonly WrittenCourse[] => {
  const withCourse = graph.stages.flatMap((instance) => {
    const course = courseOf(instance)
    return course === undefined ? [] : [{ instance, course }]
  })
  if (withCourse.length === 0) return []
  const shapes = graphShapes(graph)
  return withCourse.map(({ instance: { label, inputs }, course }) => {
    const before = Object.fromEntries(Object.entries(inputs).map(([name, from]) => [name, shapes.get(from)!]))
    const start = digestText(canonicalJson([canonicalJson(before), course.unit, course.start]))
    return { label, start, steps: course.steps.map(canonicalJson) }
  })
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

const asPath = ({ label, start, steps }: WrittenCourse, numberOf: (step: string) => number): Path => ({
  ...{ label, start, steps: steps.map(numberOf) },
})

/** Adds a path; returns how many of its steps are new. */
const grow = (make: MakeBranch, root: Branch, path: readonly number[]): number => {
  let [branch, at] = [root, 0]
  for (;;) {
    const next = at < path.length ? branch.children.get(path[at]!) : undefined
    if (next === undefined) {
      if (at < path.length) branch.children.set(path[at]!, make(path.slice(at)))
      return path.length - at
    }
    const common = commonLength(next.steps, path, at)
    if (common < next.steps.length) split(make, next, common)
    branch = next
    at += common
  }
}

type MakeBranch = (steps: Branch["steps"], children?: Branch["children"]) => Branch

const commonLength = (steps: readonly number[], path: readonly number[], from: number): number => {
  let length = 0
  while (length < steps.length && from + length < path.length && steps[length] === path[from + length]) length++
  return length
}

const split = (make: MakeBranch, branch: Branch, at: number): void => {
  const rest = make(branch.steps.slice(at), branch.children)
  branch.steps = branch.steps.slice(0, at)
  branch.children = new Map([[rest.steps[0]!, rest]])
}

/** The branches that a path runs along, whole. */
const along = (root: Branch, path: readonly number[]): readonly Segment[] => {
  const segments: Segment[] = []
  for (let branch = root, at = 0; at < path.length; ) {
    const next = branch.children.get(path[at]!)
    if (next === undefined || commonLength(next.steps, path, at) < Math.min(next.steps.length, path.length - at)) break
    at += next.steps.length
    if (at <= path.length) segments.push({ id: next.id, from: at - next.steps.length, to: at })
    branch = next
  }
  return segments
}
