/** `loom run`: runs a pipeline, shows what happens on stderr, and names the finished files on stdout. */
import { Effect, Option } from "effect"
import { counted } from "../runtime/model/counted.ts"
import type { RunReport } from "../runtime/run/run-outcome.ts"
import { layer, runGraph } from "../tools/program.ts"
import { runTrial } from "../tools/run-trial.ts"
import { artifactList } from "./artifact-list.ts"
import type { CliFailure } from "./ending/cli-failure.ts"
import { interruption } from "./ending/interruption.ts"
import { fromProgramError } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import { loadWanted } from "./loading/load-trial.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { isJson, type Reporter, type ReporterOptions, reporterFor } from "./reporters/reporter.ts"
import { duration, style, wantsColor } from "./reporters/words.ts"

export interface RunInput extends ReporterOptions {
  readonly pipeline: string
  readonly trial: Option.Option<number>
  readonly set: Readonly<Record<string, string>>
  readonly cache: string
  readonly output: string
  readonly cores: Option.Option<number>
}

/** The first Ctrl-C asks running stages to finish their step and save. */
export const softStop = (reporter: Pick<Reporter, "say">): AbortSignal => {
  const stop = new AbortController()
  interruption.onFirst(() => {
    reporter.say("Finishing the step and saving; press Ctrl-C again to stop at once.")
    stop.abort()
  })
  return stop.signal
}

export const summary = ({ stages, elapsedMs }: RunReport): string => {
  const ran = stages.filter(({ state }) => state === "ran").length
  const reused = stages.filter(({ state }) => state === "restored").length
  const work = ran === 0 ? "nothing to do" : `${counted(ran, "stage")} run`
  return `${work}, ${reused} reused, in ${duration(elapsedMs)}`
}

const tellReport = (input: RunInput, report: RunReport): void => {
  if (isJson(input)) {
    results.write(`${JSON.stringify({ version: jsonVersion, type: "report", ...report })}\n`)
    return
  }
  process.stderr.write(`\n${summary(report)}\n`)
  results.write(artifactList(report.artifacts, style(wantsColor(process.stdout, input.noColor))))
}

const tellStop = (input: RunInput): void => {
  if (!isJson(input)) process.stderr.write("\nStopped. What was done is kept: run the same command again to go on.\n")
}

export const run = Effect.fn("loom run")(function* (input: RunInput): Effect.fn.Return<void, CliFailure> {
  const { graph, root, file, trial } = yield* loadWanted(input)
  const reporter = reporterFor(input)
  const options = {
    ...{ root, file, output: input.output },
    ...Option.match(input.cores, { onNone: () => ({}), onSome: (cores) => ({ cores }) }),
    stop: softStop(reporter),
    onEvent: reporter.show,
  }
  const work = trial === undefined ? runGraph(graph, options) : runTrial(trial, options)
  const report = yield* work.pipe(
    Effect.ensuring(Effect.sync(reporter.close)),
    Effect.provide(layer({ cache: input.cache })),
    Effect.tapError((error) => Effect.sync(() => error._tag === "Stopped" && tellStop(input))),
    Effect.mapError(fromProgramError),
  )
  tellReport(input, report)
})
