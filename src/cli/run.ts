/** `loom run`: runs a pipeline, shows what happens on stderr, and names the finished files on stdout. */
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Option } from "effect"
import { makeStopSignal } from "../runtime/model/stop-signal.ts"
import { runPipeline } from "../runtime/run/run.ts"
import type { RunReport } from "../runtime/run/run-outcome.ts"
import { withinCores } from "../stages/base/engine-words.ts"
import { artifactList } from "./artifact-list.ts"
import type { CliFailure } from "./cli-failure.ts"
import { interruption } from "./interruption.ts"
import { loadPipeline } from "./load-pipeline.ts"
import { outputProblems } from "./output-folder.ts"
import { withCache } from "./project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { isJson, type Reporter, type ReporterOptions, showEvents } from "./reporters/reporter.ts"
import { duration, plural, style, wantsColor } from "./reporters/words.ts"

export interface RunInput extends ReporterOptions {
  readonly pipeline: string
  readonly set: Readonly<Record<string, string>>
  readonly cache: string
  readonly output: string
  readonly cores: Option.Option<number>
}

/** The first Ctrl-C asks running stages to finish their step and save. */
export const softStop = (reporter: Reporter) => {
  const stop = makeStopSignal()
  interruption.onFirst(() => {
    reporter.say("Finishing the step and saving; press Ctrl-C again to stop at once.")
    stop.request()
  })
  return stop
}

const summary = ({ stages, elapsedMs }: RunReport): string => {
  const ran = stages.filter(({ state }) => state === "ran").length
  const reused = stages.filter(({ state }) => state === "restored").length
  const work = ran === 0 ? "nothing to do" : `${plural(ran, "stage")} run`
  return `${work}, ${reused} reused, in ${duration(elapsedMs)}`
}

const tellReport = (input: RunInput, report: RunReport): void => {
  if (isJson(input)) {
    process.stdout.write(`${JSON.stringify({ version: jsonVersion, type: "report", ...report })}\n`)
    return
  }
  process.stderr.write(`\n${summary(report)}\n`)
  process.stdout.write(artifactList(report.artifacts, style(wantsColor(process.stdout, input.noColor))))
}

const tellStop = (input: RunInput): void => {
  if (!isJson(input)) process.stderr.write("\nStopped. What was done is kept: run the same command again to go on.\n")
}

export const run = Effect.fn("loom run")(function* (input: RunInput): Effect.fn.Return<void, CliFailure> {
  const { graph: wired, root } = yield* loadPipeline(input.pipeline, input.set)
  const outputFolder = join(resolve(input.output), wired.pipeline)
  const graph = { ...wired, problems: [...wired.problems, ...(yield* outputProblems(outputFolder))] }
  const cores = Option.getOrElse(input.cores, availableParallelism)
  const work = Effect.gen(function* () {
    const reporter = yield* showEvents(input)
    return yield* runPipeline(graph, {
      root,
      outputFolder,
      cores,
      stop: softStop(reporter),
    })
  }).pipe(withinCores(cores))
  const report = yield* withCache(
    input.cache,
    Effect.scoped(work).pipe(
      Effect.tapError((error) => Effect.sync(() => error._tag === "RunStopped" && tellStop(input))),
    ),
  )
  tellReport(input, report)
})
