/** What a command looks at: the pipeline of a file, or one trial of its sweep, by the trial's number. */
import { dirname, resolve } from "node:path"
import { Effect, Option } from "effect"
import type { RunFailure } from "../../runtime/run/run-outcome.ts"
import { type FoundTrial, findTrial } from "../../runtime/sweep/find-trial.ts"
import { isSweep } from "../../runtime/sweep/sweep.ts"
import { fromProblem } from "../../tools/troubles.ts"
import { CliFailure } from "../ending/cli-failure.ts"
import { importDefinition } from "./import-definition.ts"
import { type LoadedPipeline, loadPipeline } from "./load-pipeline.ts"
import { withCache } from "./project.ts"

export interface Wanted {
  readonly pipeline: string
  readonly trial: Option.Option<number>
  readonly set: Readonly<Record<string, string>>
  readonly cache: string
}

export interface LoadedTrial extends LoadedPipeline {
  /** undefined: the pipeline itself was asked for. */
  readonly trial?: FoundTrial
}

export const loadWanted = Effect.fnUntraced(function* (wanted: Wanted): Effect.fn.Return<LoadedTrial, CliFailure> {
  if (Option.isNone(wanted.trial)) return yield* loadPipeline(wanted.pipeline, wanted.set)
  const file = resolve(wanted.pipeline)
  const root = dirname(file)
  const definition = yield* importDefinition(wanted.pipeline)
  if (!isSweep(definition)) {
    const where = `--trial ${wanted.trial.value}`
    const hint = "Leave it out, or give the file of a sweep"
    return yield* CliFailure.one(2, { where, why: "the file exports a pipeline, which has no trials", hint })
  }
  const trial = yield* withCache(
    wanted.cache,
    findTrial(definition, wanted.trial.value, wanted.set, { root }).pipe(
      Effect.catchTag("RunFailure", (failure) => Effect.fail(asUsage(failure) ?? failure)),
    ),
  )
  return { graph: trial.graph, root, file, trial }
})

/** A number that no trial has was typed wrong; the file is sound. */
const asUsage = ({ problems }: RunFailure): CliFailure | undefined =>
  problems[0]?.field === "trial" ? new CliFailure({ exitCode: 2, troubles: problems.map(fromProblem) }) : undefined
