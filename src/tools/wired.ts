/** A pipeline wired with the values it is given, and checked as a whole. */
import { Effect } from "effect"
import { isPipeline, type Pipeline } from "../runtime/define/pipeline.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"

const noPipeline = (value: unknown): StageFailure =>
  new StageFailure({
    what: "",
    where: "pipeline",
    why: `this is no pipeline but ${value === null ? "null" : `a value of type ${typeof value}`}`,
    hint: 'Give what pipeline("name", () => …) returns.',
    kind: "input",
  })

const noValues = (set: unknown): StageFailure =>
  new StageFailure({
    what: "",
    where: "set",
    why: `values for parameters are given by name, and this is ${set === null ? "null" : Object.prototype.toString.call(set).slice(8, -1)}`,
    hint: "Write set: { steps: 400 }.",
    kind: "input",
  })

/** A Map or a list has no entries by name, and would be taken for nothing. */
const isRecord = (set: unknown): boolean => Object.prototype.toString.call(set) === "[object Object]"

/** Nothing is read and nothing runs. Values that do not fit fail; what is wrong with stages is listed in the graph. */
export const wired = Effect.fnUntraced(function* (pipeline: Pipeline, set: Readonly<Record<string, unknown>> = {}) {
  if (!isPipeline(pipeline)) return yield* noPipeline(pipeline)
  if (!isRecord(set)) return yield* noValues(set)
  return yield* pipeline.instantiate(set)
})
