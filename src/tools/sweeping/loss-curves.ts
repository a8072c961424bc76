/**
 * Training losses of a sweep's trials, by step: smoothed where a training recorded them so, since those of single steps hide each other.
 *
 * A run recorded only the steps that it trained. Steps that several trials share were trained by one of them, and the losses are the same
 * for all: so rows are gathered by branch of the stage tree, and each trial's curve is put together from the branches that it runs along.
 */
import { Effect, Result } from "effect"
import { type RunId, Store } from "../../runtime/storage/store.ts"
import { SweepJournals } from "../../runtime/storage/sweep-journal.ts"
import type { Curve } from "../../runtime/sweep/ranked-trials.ts"
import type { SweepOutcome } from "../../runtime/sweep/run-sweep.ts"
import { type Segment, stageTree } from "../../runtime/sweep/stage-tree.ts"
import { measuredGraph } from "../../runtime/sweep/trial-graph.ts"

/** Points of a curve at most: a report draws no more than it has room for. */
const pointsAtMost = 300

type Outcome = Pick<SweepOutcome, "sweep" | "decided" | "journal">

/** By trial. Of a pipeline with several trainings, that of the first one. */
export const lossCurves = Effect.fnUntraced(function* ({ sweep, decided, journal }: Outcome) {
  const tree = stageTree()
  const graphs = yield* Effect.forEach(decided, (job) =>
    Effect.map(measuredGraph(sweep, job, sweep.repeats[0]), (graph) => ({ job, graph: Result.getOrUndefined(graph) })),
  )
  for (const { graph } of graphs) if (graph !== undefined) tree.add(graph)
  const runs = yield* runsOf(journal)
  const rows = new Map<number, Map<number, number>>()
  const paths = new Map<number, readonly Segment[]>()
  for (const { job, graph } of graphs) {
    const [path] = graph === undefined ? [] : tree.segments(graph)
    if (path === undefined) continue
    const [label, segments] = path
    paths.set(job.trial, segments)
    const run = runs.get(job.decision)
    if (run !== undefined) yield* gather(rows, segments, run, label)
  }
  return new Map([...paths].map(([trial, segments]) => [trial, curveAlong(rows, segments)] as const))
})

/** Runs of the first repeats, by decision. */
const runsOf = Effect.fnUntraced(function* (journal: SweepOutcome["journal"]) {
  const entries = yield* (yield* SweepJournals).entries(journal)
  return new Map(
    entries.flatMap(({ kind, place, entry }) => {
      const [decision, repeat] = place.split(".")
      const run = (entry as { readonly run?: unknown }).run
      return kind === "run" && repeat === "0" && typeof run === "number" ? [[Number(decision), run as RunId]] : []
    }),
  )
})

const gather = Effect.fnUntraced(function* (
  rows: Map<number, Map<number, number>>,
  segments: readonly Segment[],
  run: RunId,
  label: string,
) {
  const found = yield* (yield* Store).metrics(run, label, "train")
  for (const { step, values } of found) {
    const segment = segments.find(({ from, to }) => from < step && step <= to)
    const loss = values["lossSmoothed"] ?? values["loss"]
    if (segment === undefined || loss === undefined || !Number.isFinite(loss)) continue
    const along = rows.get(segment.id) ?? new Map<number, number>()
    rows.set(segment.id, along.set(step, loss))
  }
})

const curveAlong = (rows: ReadonlyMap<number, ReadonlyMap<number, number>>, segments: readonly Segment[]): Curve => {
  const whole = segments
    .flatMap(({ id }) => [...(rows.get(id) ?? [])])
    .sort(([one], [other]) => one - other)
    .map(([step, loss]) => [step, loss] as const)
  const every = Math.ceil(whole.length / pointsAtMost)
  return whole.filter((_, at) => at % every === 0 || at === whole.length - 1)
}
