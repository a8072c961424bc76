/** Reads one source: its value as JSON, or the problems that kept it from being read. */
import { Cause, Effect, Exit, Result } from "effect"
import type { StageInstance, StageProblem } from "../define/pipeline-graph.ts"
import { type Known, known } from "../model/known-value.ts"
import type { SourceNode } from "../model/node.ts"
import { encodeJson } from "../model/schema-codec.ts"
import { SourceContext } from "../model/stage-context.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import type { WiredStage } from "../model/wired-stage.ts"
import { FileMemo } from "../storage/file-memo.ts"
import type { SourceReadings } from "./source-readings.ts"

export interface SourceReading {
  readonly value: Known | undefined
  readonly problems: readonly StageProblem[]
}

/** A failure or a throw in the source becomes a problem, so that all sources are heard before the run is refused. */
export const readSource = Effect.fnUntraced(function* (
  instance: StageInstance,
  node: SourceNode,
  root: string,
  here: WiredStage,
  readings?: SourceReadings,
) {
  if (instance.params === undefined) return { value: undefined, problems: [] } satisfies SourceReading as SourceReading
  const { params, encodedParams, speaker } = instance
  const wired = yield* Effect.exit(Effect.sync(() => node.wired?.(here)))
  const told = [speaker, root, encodedParams, Exit.isSuccess(wired) ? wired.value : null]
  const kept = Exit.isSuccess(wired) ? readings?.find(node.definition, told) : undefined
  if (kept !== undefined) return kept
  const problems: StageProblem[] = []
  const context = yield* sourceContext(speaker, root, problems)
  const value = yield* Effect.flatMap(wired, (found) => node.read({ params, wired: found })).pipe(
    Effect.provideService(SourceContext, context),
    Effect.flatMap((output) => encoded(node, output)),
    Effect.catchCause((cause) => {
      if (Cause.hasInterrupts(cause)) return Effect.interrupt
      problems.push(asProblem(speaker, cause))
      return Effect.undefined
    }),
  )
  const isBroken = problems.some(({ severity }) => severity === "error")
  const reading: SourceReading = { value: isBroken ? undefined : value, problems }
  readings?.keep(node.definition, told, reading)
  return reading
})

const sourceContext = Effect.fnUntraced(function* (label: string, root: string, problems: StageProblem[]) {
  const files = yield* FileMemo
  const report = (problem: Omit<StageProblem, "label">) => Effect.sync(() => void problems.push({ label, ...problem }))
  return SourceContext.of({
    root,
    fileBlob: (path) => Effect.mapError(files.digest(path), asStageFailure),
    warn: (message, hint) => report({ field: "", why: message, hint, severity: "warning" }),
    problem: report,
  })
})

const encoded = (node: SourceNode, output: unknown): Effect.Effect<Known, StageFailure> => {
  const json = encodeJson(node.outputSchema, output)
  if (Result.isSuccess(json)) return Effect.succeed(known(json.success))
  const issue = json.failure[0]!
  return Effect.fail(
    new StageFailure({
      what: "What was read does not fit the source's output schema",
      where: issue.field === "" ? "output" : issue.field,
      why: issue.why,
      hint: "This is a mistake in the source's code.",
      kind: "work",
    }),
  )
}

const asStageFailure = ({ what, where, why, hint }: StorageFailure): StageFailure =>
  new StageFailure({ what, where, why, hint, kind: "input" })

const asProblem = (label: string, cause: Cause.Cause<StageFailure>): StageProblem => {
  const thrown = Cause.squash(cause)
  if (thrown instanceof StageFailure) {
    return { label, field: thrown.where, why: `${thrown.what}: ${thrown.why}`, hint: thrown.hint, severity: "error" }
  }
  const why = `reading it threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  return { label, field: "read", why, hint: "This is a mistake in the source's code.", severity: "error" }
}
