/** `loom sweep`: plans a sweep, runs it, shows how it fills, and prints its table and the names of its files on stdout. */
import { Effect, Option } from "effect"
import type { Sweep } from "../runtime/sweep/sweep.ts"
import { layer } from "../tools/program.ts"
import type { InputError, WorkError } from "../tools/program-errors.ts"
import { planSweep, runSweep, type SweepReport } from "../tools/sweep-program.ts"
import { artifactList } from "./artifact-list.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { interruption } from "./ending/interruption.ts"
import { fromProgramError } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import { type LoadedSweep, loadSweep } from "./loading/load-sweep.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { isJson, type ReporterOptions } from "./reporters/reporter.ts"
import { sweepJson } from "./reporters/sweep-json.ts"
import { type SweepReporter, sweepReporter } from "./reporters/sweep-reporter.ts"
import { resultLine, resultTable } from "./reporters/sweep-words.ts"
import { style, wantsColor } from "./reporters/words.ts"
import { softStop } from "./run.ts"

export interface SweepInput extends ReporterOptions {
  readonly sweep: string
  readonly set: Readonly<Record<string, string>>
  readonly trials: Option.Option<number>
  readonly workers: Option.Option<number>
  readonly cache: string
  readonly output: string
  readonly cores: Option.Option<number>
}

/** The sweep with as many trials as are asked for. */
export const withTrials = (sweep: Sweep, trials: Option.Option<number>): Sweep =>
  Option.match(trials, {
    onNone: () => sweep,
    onSome: (count) => ({ ...sweep, written: { ...sweep.written, trials: count } }),
  })

/** A sweep that is sound without what the command line sets: then it was the command line that was wrong. */
export const fromSweepError =
  (sweep: Sweep, set: Readonly<Record<string, string>>, root: string) => (error: InputError | WorkError) =>
    Effect.gen(function* () {
      const failure = fromProgramError(error)
      if (error._tag !== "InputError" || Object.keys(set).length === 0) return yield* failure
      const isSound = yield* Effect.isSuccess(planSweep(sweep, { root }))
      return yield* isSound ? new CliFailure({ exitCode: 2, troubles: failure.troubles }) : failure
    })

const given = <Name extends string>(name: Name, value: Option.Option<number>): { readonly [K in Name]?: number } =>
  Option.match(value, {
    onNone: () => ({}),
    onSome: (count) => ({ [name]: count }) as { readonly [K in Name]: number },
  })

const tellReport = (input: SweepInput, report: SweepReport): void => {
  if (isJson(input)) {
    results.write(`${JSON.stringify({ version: jsonVersion, type: "sweep-report", ...sweepJson(report) })}\n`)
    return
  }
  const paint = style(wantsColor(process.stdout, input.noColor))
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  process.stderr.write(`\n${resultLine(report.table, report.elapsedMs)}\n\n`)
  results.write(resultTable(report.table, width, paint))
  const best = report.whole[0]?.artifacts ?? []
  results.write(`\n${artifactList([...best, ...report.files], paint)}`)
}

const swept = Effect.fnUntraced(function* (input: SweepInput, { sweep, root, file }: LoadedSweep) {
  const { set, output, cores, workers } = input
  const reporter: SweepReporter = sweepReporter(input)
  return yield* runSweep(sweep, {
    ...{ root, file, set, output, stop: softStop(reporter), onEvent: reporter.show },
    ...{ ...given("cores", cores), ...given("workers", workers) },
  }).pipe(Effect.ensuring(Effect.sync(reporter.close)))
})

export const sweep = Effect.fn("loom sweep")(function* (input: SweepInput): Effect.fn.Return<void, CliFailure> {
  const loaded = yield* loadSweep(input.sweep)
  const wanted = { ...loaded, sweep: withTrials(loaded.sweep, input.trials) }
  const report = yield* swept(input, wanted).pipe(
    Effect.catch(fromSweepError(wanted.sweep, input.set, wanted.root)),
    Effect.provide(layer({ cache: input.cache })),
    Effect.mapError((error) => (error._tag === "CliFailure" ? error : fromProgramError(error))),
  )
  tellReport(input, report)
  if (!report.isOver) {
    if (!isJson(input)) process.stderr.write("\nStopped. What was done is kept: run the same command again to go on.\n")
    return yield* CliFailure.told(interruption.exitCode())
  }
  if (report.troubles.length > 0) return yield* new CliFailure({ exitCode: 1, troubles: report.troubles })
})
