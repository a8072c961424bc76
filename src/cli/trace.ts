/** `loom trace`: computes what a training reads, trains a few steps, and writes every number of them into one file. */
import { rm, stat, writeFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Option } from "effect"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { resolveStage } from "../runtime/run/resolve-stage.ts"
import { runningStageContext } from "../runtime/run/running-stage-context.ts"
import { moveFile } from "../runtime/storage/move-file.ts"
import { noRun } from "../runtime/storage/unrecorded.ts"
import { withinCores } from "../stages/base/engine-words.ts"
import { stopOnAbort } from "../tools/stop-on-abort.ts"
import { tracedStage, traceTraining } from "../tools/trace-training.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { interruption } from "./ending/interruption.ts"
import { results } from "./ending/standard-streams.ts"
import { loadPipeline } from "./loading/load-pipeline.ts"
import { withCache } from "./loading/project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { isJson, showEvents } from "./reporters/reporter.ts"
import { fromHere, size } from "./reporters/words.ts"
import { type RunInput, softStop } from "./run.ts"

export interface TraceInput extends Omit<RunInput, "trial"> {
  readonly steps: number
  readonly out: string
  readonly stage: Option.Option<string>
}

/** The label of the stage to trace. */
const chosenStage = (file: string, graph: PipelineGraph, wanted: Option.Option<string>) => {
  const labels = graph.stages.filter(({ node }) => node.name === tracedStage).map(({ label }) => label)
  const label = Option.getOrElse(wanted, () => labels[0] ?? "")
  if (labels.includes(label) && (labels.length === 1 || Option.isSome(wanted))) return Effect.succeed(label)
  const why =
    labels.length === 0
      ? "the pipeline trains nothing"
      : Option.isSome(wanted)
        ? `"${label}" is no train stage`
        : "the pipeline has several train stages"
  const hint = labels.length === 0 ? "Trace a pipeline with a train stage" : `Choose with --stage: ${labels.join(", ")}`
  return Effect.fail(CliFailure.one(labels.length === 0 ? 3 : 2, { where: file, why, hint }))
}

/** A file beside `file` that becomes it once it is whole, and goes otherwise. */
const draftOf = (file: string) => {
  const attempt = <A>(work: () => Promise<A>) =>
    Effect.tryPromise({
      try: work,
      catch: (cause) =>
        CliFailure.one(1, {
          where: file,
          why: `the trace cannot be written (${cause instanceof Error ? cause.message : String(cause)})`,
          hint: "Give a file in a folder that exists and can be written to",
        }),
    })
  const draft = `${file}.${process.pid}.part`
  const made = Effect.acquireRelease(
    attempt(() => writeFile(draft, "")),
    () => Effect.ignore(attempt(() => rm(draft, { force: true }))),
  )
  const finish = attempt(async () => {
    const { size } = await stat(draft)
    await moveFile(draft, file)
    return size
  })
  return Effect.as(made, { draft, finish })
}

export const trace = Effect.fn("loom trace")(function* (input: TraceInput): Effect.fn.Return<void, CliFailure> {
  const { graph, root } = yield* loadPipeline(input.pipeline, input.set)
  const label = yield* chosenStage(input.pipeline, graph, input.stage)
  const cores = Option.getOrElse(input.cores, availableParallelism)
  const file = resolve(input.out)
  const work = Effect.gen(function* () {
    const { draft, finish } = yield* draftOf(file)
    const stop = yield* stopOnAbort(softStop(yield* showEvents(input)))
    const resolved = yield* resolveStage(graph, label, {
      root,
      outputFolder: join(resolve(input.output), graph.pipeline),
      cores,
      stop,
    })
    // A trace has nothing to save in the middle.
    interruption.onFirst(undefined)
    if (stop.requested()) return yield* CliFailure.told(interruption.exitCode())
    // A trace belongs to no run: nothing of it is recorded.
    const context = yield* runningStageContext({
      runId: noRun,
      label,
      speaker: label,
      item: undefined,
      stopRequested: stop.requested,
    })
    yield* Effect.provideService(traceTraining(resolved, input.steps, draft), StageContext, context)
    return yield* finish
  }).pipe(withinCores(cores))
  const sizeBytes = yield* withCache(input.cache, Effect.scoped(work))
  const told = isJson(input)
    ? JSON.stringify({ version: jsonVersion, type: "trace", file, steps: input.steps, sizeBytes })
    : `${fromHere(file)}  ${input.steps} steps, ${size(sizeBytes)}`
  results.write(`${told}\n`)
})
