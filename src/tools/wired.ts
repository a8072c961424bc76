/** A pipeline wired with the values it is given, and checked as a whole. */
import { Effect } from "effect"
import { isPipeline, type Pipeline } from "../runtime/define/pipeline.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import { withWiringProblems } from "./wiring-problems.ts"

const noPipeline = (value: unknown): StageFailure =>
  new StageFailure({
    what: "",
    where: "pipeline",
    why: `this is no pipeline but ${value === null ? "null" : `a value of type ${typeof value}`}`,
    hint: 'Give what pipeline("name", () => …) returns.',
    kind: "input",
  })

/** Nothing is read and nothing runs. Values that do not fit fail; what is wrong with stages is listed in the graph. */
export const wired = Effect.fnUntraced(function* (pipeline: Pipeline, set: Readonly<Record<string, unknown>> = {}) {
  if (!isPipeline(pipeline)) return yield* noPipeline(pipeline)
  return withWiringProblems(yield* pipeline.instantiate(set))
})
