/** Runs one stage over whole values, or adopts its result when it turns out to be kept. */
import { Effect, Option, Result } from "effect"
import type { StageInstance } from "../define/pipeline-graph.ts"
import { Events, type Reason } from "../model/events.ts"
import { known } from "../model/known-value.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { Prospect } from "../plan/assessment.ts"
import { decodeInputs, misfit } from "../plan/inspect.ts"
import { origin } from "../plan/plan.ts"
import { stageChanges } from "../plan/reasons.ts"
import { sayChanges } from "../plan/say-change.ts"
import { Cache } from "../storage/cache.ts"
import { cancel, conclude, fail, stopped } from "./conclude.ts"
import { obtain, type Task } from "./obtain.ts"
import type { RunState } from "./run-state.ts"

export const runWhole = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  found: Prospect & { kind: "stage" },
) {
  const cache = yield* Cache
  const { identified } = found
  const reason = yield* reasonFor(run, instance, found)
  const attempt = yield* Effect.result(obtain(run, yield* taskFor(instance, found, reason)))
  if (Result.isFailure(attempt)) {
    const error = attempt.failure
    if (error._tag === "StorageFailure") return yield* Effect.fail(error)
    if (error._tag === "StageStopped") return yield* stopped(run, instance, error)
    return yield* fail(run, instance, identified, error)
  }
  if (Option.isNone(attempt.success))
    return yield* cancel(run, instance, { because: run.halt.reason() ?? "run-failed" })
  const obtained = attempt.success.value
  const made = { key: identified.key, value: known(obtained.output) }
  if (obtained.kind === "made") {
    yield* conclude(run, instance, { state: "ran", reason: reason.sentence, elapsedMs: obtained.elapsedMs, ...made })
  } else {
    yield* cache.noteUse({ pipeline: run.pipeline, label: instance.label }, identified.key)
    const ending = { state: "restored", reason: "its inputs turned out unchanged", elapsedMs: 0, ...made } as const
    yield* conclude(run, instance, ending, origin([obtained.hit]))
  }
  return made.value
})

const taskFor = Effect.fnUntraced(function* (
  instance: StageInstance,
  { node, identified, inputs }: Prospect & { kind: "stage" },
  reason: Reason,
) {
  const events = yield* Events
  const { label, speaker, params } = instance
  const task: Task = {
    label,
    speaker,
    node,
    identified,
    schema: node.outputSchema,
    onStart: events.publish({ type: "stage-started", label, reason }),
    work: Effect.suspend(() => {
      const values = decodeInputs(node.inputSchemas, inputs)
      return Result.isSuccess(values)
        ? Effect.sync(() => node.run({ params, inputs: values.success }))
        : Effect.fail(unfit(instance, values.failure[0]!))
    }),
  }
  return task
})

/** The planned reason; for a stage that had to wait, what has changed now that its inputs are known. */
export const reasonFor = Effect.fnUntraced(function* (
  run: RunState,
  instance: StageInstance,
  found: Prospect & { kind: "stage" },
) {
  const planned = run.plan.get(instance.label)!
  if (planned.state === "will-run") return { sentence: planned.reason, changes: planned.changes } satisfies Reason
  const changes = yield* stageChanges(run.pipeline, instance, found)
  return { sentence: sayChanges(changes), changes } satisfies Reason
})

export const unfit = (
  instance: StageInstance,
  issue: { readonly field: string; readonly why: string },
): StageFailure => {
  const { field, why, hint } = misfit(instance.speaker, issue)
  return new StageFailure({
    what: "An input does not fit",
    where: `${instance.speaker}: ${field}`,
    why,
    hint,
    kind: "work",
  })
}
