/**
 * How long a step of a sweep's trials takes here, from what was run before: of the sweep itself with all that comes with a step, else
 * of the pipeline's own trainings.
 */
import { Effect } from "effect"
import { type Run, type RunId, Store } from "../../runtime/storage/store.ts"

const runsAtMost = 40

/** Milliseconds; undefined where nothing was trained yet. */
export const stepTime = Effect.fnUntraced(function* ({
  name,
  pipeline,
}: {
  readonly name: string
  readonly pipeline: string
}) {
  const store = yield* Store
  const recent = yield* store.listRuns({ limit: 500 })
  const ofSweep = yield* stepsOf(recent.filter((run) => run.pipeline.startsWith(`${name}/`)))
  const whole = ofSweep.reduce((sum, { run, steps }) => (steps.length === 0 ? sum : sum + tookMs(run)), 0)
  const count = ofSweep.reduce((sum, { steps }) => sum + steps.length, 0)
  if (count > 0) return whole / count
  const ofPipeline = (yield* stepsOf(recent.filter((run) => run.pipeline === pipeline))).flatMap(({ steps }) => steps)
  return ofPipeline.length === 0 ? undefined : ofPipeline.reduce((sum, ms) => sum + ms, 0) / ofPipeline.length
})

const tookMs = ({ startedAtMs, finishedAtMs }: Run): number => Math.max(0, (finishedAtMs ?? startedAtMs) - startedAtMs)

/** What the steps of each run took, one by one. */
const stepsOf = Effect.fnUntraced(function* (runs: readonly Run[]) {
  return yield* Effect.forEach(runs.filter(({ finishedAtMs }) => finishedAtMs !== null).slice(0, runsAtMost), (run) =>
    Effect.map(stepsIn(run.id), (steps) => ({ run, steps })),
  )
})

const stepsIn = Effect.fnUntraced(function* (run: RunId) {
  const store = yield* Store
  const series = (yield* store.metricSeries(run)).filter(({ name }) => name === "train")
  const rows = yield* Effect.forEach(series, ({ label }) => store.metrics(run, label, "train"))
  return rows.flat().flatMap(({ values }) => values["elapsedMs"] ?? [])
})
