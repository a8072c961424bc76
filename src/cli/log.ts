/** `loom log`: the runs of a cache, newest first, the stages of one of them, or the journal of a sweep. */
import { Effect, Option } from "effect"
import { type Run, type StageRecord, Store } from "../runtime/storage/store.ts"
import { SweepJournals } from "../runtime/storage/sweep-journal.ts"
import type { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { findRun } from "./loading/find-runs.ts"
import { type FoundSweep, findSweep } from "./loading/find-sweep.ts"
import { withKeptCache } from "./loading/project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { changedParameters } from "./reporters/parameter-words.ts"
import { printable, printableName } from "./reporters/printable.ts"
import { sweepLog } from "./reporters/sweep-log.ts"
import { duration, fromHere, moment, type Style, style, wantsColor } from "./reporters/words.ts"

export interface LogInput {
  readonly run: Option.Option<string>
  readonly limit: number
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const stateColors = {
  finished: "green",
  running: "cyan",
  stopped: "yellow",
  interrupted: "yellow",
  failed: "red",
} as const satisfies Record<Run["state"], keyof Style>

const took = ({ startedAtMs, finishedAtMs }: Run): string =>
  finishedAtMs === null ? "" : duration(finishedAtMs - startedAtMs)

/** Those that are not the pipeline's defaults, in one line: quoted where they hold spaces. */
const parametersOf = (run: Run): string =>
  changedParameters(run)
    .map(({ name, value }) => `${name}=${/^[^"].*\s/.test(value) ? JSON.stringify(value) : value}`)
    .join(" ")

/** The same with what the default is, for one run alone. */
const parameterLines = (run: Run, paint: Style): readonly string[] =>
  changedParameters(run).map(
    ({ name, value, byDefault }) =>
      `  ${name} ${value}${byDefault === undefined ? "" : paint.dim(` (default ${byDefault})`)}`,
  )

const runLine = (run: Run, paint: Style, parameters = ""): string =>
  [
    String(run.id).padStart(4),
    paint.bold(run.pipeline.padEnd(16)),
    paint[stateColors[run.state]](run.state.padEnd(11)),
    moment(run.startedAtMs).padEnd(17),
    took(run).padStart(9),
    paint.dim(parameters),
  ]
    .join("  ")
    .trimEnd()

const stateWords = { restored: "reused", ran: "run", skipped: "not run" } as const

const stageLine = ({ label, state, reason, elapsedMs }: StageRecord, paint: Style): string => {
  const word = state in stateWords ? stateWords[state as keyof typeof stateWords] : state
  const time = elapsedMs === 0 ? "" : duration(elapsedMs)
  return `  ${paint.bold(printableName(label).padEnd(14))}  ${word.padEnd(8)}  ${time.padStart(9)}  ${paint.dim(printable(fromHere(reason)))}`.trimEnd()
}

/** First and last value of a metric that a stage recorded. */
const lossLine = Effect.fnUntraced(function* (run: Run, label: string, name: string) {
  const rows = yield* (yield* Store).metrics(run.id, label, name)
  const [first, last] = [rows[0], rows.at(-1)]
  const [from, to] = [first?.values["lossSmoothed"], last?.values["lossSmoothed"]]
  if (first === undefined || last === undefined || from === undefined || to === undefined) return []
  return [
    `  ${printableName(label)}: loss ${from.toFixed(4)} at step ${first.step}, ${to.toFixed(4)} at step ${last.step}`,
  ]
})

const showSweep = Effect.fnUntraced(function* ({ journal, others }: FoundSweep, { json, noColor }: LogInput) {
  const entries = yield* (yield* SweepJournals).entries(journal)
  if (json) return JSON.stringify({ version: jsonVersion, type: "sweep-journal", ...journal, entries })
  return sweepLog(journal, entries, others, style(wantsColor(process.stdout, noColor)))
})

const showNamed = Effect.fnUntraced(function* (wanted: string, input: LogInput) {
  const sweep = yield* findSweep(wanted)
  return yield* sweep === undefined ? showRun(wanted, input) : showSweep(sweep, input)
})

const showRun = Effect.fnUntraced(function* (wanted: string, { json, noColor }: LogInput) {
  const store = yield* Store
  const run = yield* findRun(wanted)
  const stages = yield* store.runStages(run.id)
  const series = yield* store.metricSeries(run.id)
  if (json) return JSON.stringify({ version: jsonVersion, type: "run", ...run, stages, metrics: series })
  const paint = style(wantsColor(process.stdout, noColor))
  const losses = yield* Effect.forEach(series, ({ label, name }) => lossLine(run, label, name))
  return [
    runLine(run, paint).trimStart(),
    ...parameterLines(run, paint),
    "",
    ...stages.map((stage) => stageLine(stage, paint)),
    ...losses.flat(),
  ].join("\n")
})

const listRuns = Effect.fnUntraced(function* ({ json, limit, noColor }: LogInput) {
  const runs = yield* (yield* Store).listRuns({ limit })
  if (json) return JSON.stringify({ version: jsonVersion, type: "runs", runs })
  if (runs.length === 0) return "No runs yet."
  const paint = style(wantsColor(process.stdout, noColor))
  return runs.map((run) => runLine(run, paint, parametersOf(run))).join("\n")
})

export const log = Effect.fn("loom log")(function* (input: LogInput): Effect.fn.Return<void, CliFailure> {
  const work = Option.match(input.run, {
    onNone: () => listRuns(input),
    onSome: (wanted) => showNamed(wanted, input),
  })
  const text = yield* withKeptCache(input.cache, work)
  results.write(`${text}\n`)
})
