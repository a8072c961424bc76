/** The pipeline of a file, wired with the parameters given on the command line, or the troubles with it. */
import { dirname, resolve } from "node:path"
import { Effect } from "effect"
import type { Pipeline } from "../../runtime/define/pipeline.ts"
import type { PipelineGraph } from "../../runtime/define/pipeline-graph.ts"
import type { StageFailure } from "../../runtime/model/stage-failure.ts"
import { isSweep } from "../../runtime/sweep/sweep.ts"
import { fromStageFailure } from "../../tools/troubles.ts"
import { wired } from "../../tools/wired.ts"
import { CliFailure, type ExitCode } from "../ending/cli-failure.ts"
import { importDefinition, invalid, lineIn } from "./import-definition.ts"

export interface LoadedPipeline {
  readonly graph: PipelineGraph
  /** Folder of the pipeline file. */
  readonly root: string
  /** The pipeline file, absolute. */
  readonly file: string
}

/** What is wrong with the wiring; something thrown in it gets the line it was thrown at. */
export const wiringFailure = (file: string, failure: StageFailure, exitCode: ExitCode): CliFailure => {
  const trouble = fromStageFailure(failure)
  const where = failure.cause instanceof Error ? lineIn(file, failure.cause) : trouble.where
  return new CliFailure({ exitCode, troubles: [{ ...trouble, where }] })
}

/** A pipeline that wires with its own defaults is sound: then it was the command line that was wrong. */
const blameFor = (pipeline: Pipeline): Effect.Effect<ExitCode> =>
  Effect.match(pipeline.instantiate(), { onSuccess: () => 2 as const, onFailure: () => 3 as const })

/** The pipeline of a file, wired with the parameters given on the command line. A sweep is none. */
export const loadPipeline = Effect.fnUntraced(function* (
  typed: string,
  overrides: Readonly<Record<string, string>>,
): Effect.fn.Return<LoadedPipeline, CliFailure> {
  const file = resolve(typed)
  const pipeline = yield* importDefinition(typed)
  if (isSweep(pipeline)) {
    const hint = "Run it with loom sweep, or one of its trials with --trial and its number"
    return yield* invalid(file, "its default export is a sweep, and no pipeline", hint)
  }
  const graph = yield* Effect.catch(wired(pipeline, overrides), (failure) =>
    Effect.flatMap(blameFor(pipeline), (exitCode) => Effect.fail(wiringFailure(file, failure, exitCode))),
  )
  return { graph, root: dirname(file), file }
})
