/**
 * A pipeline: a name, typed parameters with defaults, and a function that wires stages.
 *
 * Nothing runs while it is wired. `instantiate` checks the overrides (`--set key=value`) against the parameter schema,
 * calls the build function, and returns the graph: every stage behind the results in topological order, each with a label
 * ("crop", "crop-2") and its checked parameters. Mistakes in stage parameters do not stop it; they are listed in the graph as
 * problems, so that planning can report them together with everything else.
 */
import { Effect, Predicate, Result, Schema } from "effect"
import type { Json } from "../model/canonical-json.ts"
import { notAFileName, quotedName } from "../model/file-name.ts"
import { nearestName } from "../model/nearest-name.ts"
import type { ParamsSchema } from "../model/node.ts"
import { decodeParams, encodeJson, type FieldIssue, makeParams } from "../model/schema-codec.ts"
import type { Shaping } from "../model/shaping.ts"
import { StageFailure } from "../model/stage-failure.ts"
import type { AnyWire } from "../model/wire.ts"
import type { PipelineGraph } from "./pipeline-graph.ts"
import { NoResult, wiredGraph } from "./wired-graph.ts"

/** What a build function may return: the results that are wanted. Only what they depend on runs. */
export type PipelineResults = AnyWire | readonly AnyWire[] | Readonly<Record<string, AnyWire>>

const PipelineId = "loom/runtime/Pipeline"

declare const Results: unique symbol

/** A pipeline as a pipeline file exports it: what `run`, `plan`, `sweep` and `loom run` take. */
export interface Pipeline<out P extends ParamsSchema = ParamsSchema, out R = unknown> {
  readonly [PipelineId]: typeof PipelineId
  /** Exists for the type checker only: what its build function returns. */
  readonly [Results]?: R
  /** Also the name of its folder in the output folder. */
  readonly name: string
  /** Of its parameters. */
  readonly paramsSchema: P
  /** As JSON, for help texts. */
  readonly defaults: Readonly<Record<string, Json>>
  /** Overrides by name. A text is read as the parameter's type demands, anything else is taken as it is. */
  readonly instantiate: (
    overrides?: Readonly<Record<string, unknown>>,
    shaping?: Shaping,
  ) => Effect.Effect<PipelineGraph, StageFailure>
}

export const isPipeline = (value: unknown): value is Pipeline => Predicate.hasProperty(value, PipelineId)

/** Parameters of a pipeline, which `--set` and `set` change. */
export interface PipelineOptions<P extends ParamsSchema> {
  /** An Effect `Schema.Struct`, a field for each parameter. */
  readonly params: P
  /** A value for each parameter. */
  readonly defaults: P["~type.make.in"]
}

/** A pipeline without parameters. */
export function pipeline<const R extends PipelineResults>(name: string, build: () => R): Pipeline<NoParams, R>
/**
 * Defines a pipeline: a pipeline file has it as its default export.
 *
 * `build` calls stages and returns the results that are wanted: one wire, a list of them, or a record of them by name. It is called
 * anew for each run, with the parameters; it must do nothing but wire. What it throws, defaults that do not fit their schema and a
 * result that is no wire are told as an error when the pipeline is planned or run.
 *
 * @param name Names the folder of its finished files.
 * @param options The schema of its parameters, and their defaults.
 * @param build Wires the stages.
 *
 * @example
 * export default pipeline(
 *   "my-dog",
 *   { params: Schema.Struct({ steps: Schema.Int }), defaults: { steps: 1000 } },
 *   ({ steps }) => {
 *     const pictures = ingest("./photos")
 *     const [images, captions] = [crop(pictures, { size: 512 }), caption(pictures, { trigger: "sks dog" })]
 *     const dataset = encode({ base: baseModel("./models/sd15"), images, captions })
 *     return checkpoint(train(dataset, { steps }), { name: "my-dog" })
 *   },
 * )
 */
export function pipeline<P extends ParamsSchema, const R extends PipelineResults>(
  name: string,
  options: PipelineOptions<P>,
  build: (params: P["Type"]) => R,
): Pipeline<P, R>
export function pipeline<P extends ParamsSchema>(
  name: string,
  second: PipelineOptions<P> | (() => PipelineResults),
  third?: (params: P["Type"]) => PipelineResults,
): Pipeline {
  const options = typeof second === "function" ? undefined : second
  const build = typeof second === "function" ? second : third!
  return make(name, options?.params ?? noParams, options?.defaults ?? {}, build as (params: object) => PipelineResults)
}

const noParams = Schema.Struct({})
type NoParams = typeof noParams

const make = (
  name: string,
  paramsSchema: ParamsSchema,
  defaults: object,
  build: (params: object) => PipelineResults,
): Pipeline => {
  const filled = Result.flatMap(makeParams(paramsSchema, defaults), (values) => encodeJson(paramsSchema, values))
  const encodedDefaults = Result.getOrElse(filled, () => ({})) as Readonly<Record<string, Json>>
  return {
    [PipelineId]: PipelineId,
    name,
    paramsSchema,
    defaults: encodedDefaults,
    instantiate: Effect.fnUntraced(function* (overrides = {}, shaping = {}) {
      const misnamed = typeof name === "string" ? notAFileName(name) : "it is no text"
      if (misnamed !== undefined) return yield* badName(String(name), misnamed)
      if (Result.isFailure(filled)) return yield* badDefaults(name, filled.failure)
      const encoded = yield* withOverrides(name, paramsSchema, encodedDefaults, overrides)
      const params = yield* Effect.fromResult(decodeParams(paramsSchema, encoded)).pipe(
        Effect.mapError((issues) => badParams(name, issues)),
      )
      // What is filled in while decoding is a value too.
      const resolved = Result.getOrElse(encodeJson(paramsSchema, params), () => encoded) as typeof encoded
      return yield* Effect.try({
        try: () => wiredGraph(name, { params: resolved, defaults: encodedDefaults }, () => build(params), shaping),
        catch: (cause) => buildThrew(name, cause),
      })
    }),
  }
}

/** The defaults with the overrides put over them, each parsed by the schema of its own field. */
const withOverrides = (
  pipeline: string,
  schema: ParamsSchema,
  defaults: Readonly<Record<string, Json>>,
  overrides: Readonly<Record<string, unknown>>,
): Effect.Effect<Readonly<Record<string, Json>>, StageFailure> => {
  const fields = fieldNames(schema, defaults)
  let values = defaults
  for (const [name, text] of Object.entries(overrides)) {
    if (text === undefined) continue
    if (!fields.includes(name)) return Effect.fail(unknownParam(pipeline, name, fields))
    const possible = typeof text === "string" ? readings(text) : [text as Json]
    const fitting = possible.find((value) => fits(schema, { ...values, [name]: value }, name))
    values = { ...values, [name]: fitting ?? possible.at(-1)! }
  }
  return Effect.succeed(values)
}

// A text is taken as a string where the field allows one, and else as JSON: "16", "true", "[1,2]", "null".
const readings = (text: string): readonly Json[] => {
  try {
    return [text, JSON.parse(text) as Json]
  } catch {
    return [text]
  }
}

const fits = (schema: ParamsSchema, values: Json, field: string): boolean => {
  const decoded = decodeParams(schema, values)
  return Result.isSuccess(decoded) || !decoded.failure.some((issue) => issue.field.split(".")[0] === field)
}

const fieldNames = (schema: ParamsSchema, defaults: Readonly<Record<string, Json>>): readonly string[] =>
  "fields" in schema && Predicate.isObject(schema.fields) ? Object.keys(schema.fields) : Object.keys(defaults)

const unknownParam = (pipeline: string, name: string, fields: readonly string[]): StageFailure => {
  const nearest = nearestName(name, fields)
  const valid = fields.length === 0 ? "This pipeline has no parameters." : `It has ${fields.join(", ")}.`
  return new StageFailure({
    what: `The pipeline has no parameter "${name}"`,
    where: `pipeline ${pipeline}`,
    why: "the name is not in its parameter schema",
    hint: nearest === undefined ? valid : `Did you mean "${nearest}"? ${valid}`,
    kind: "input",
  })
}

const badName = (pipeline: string, because: string): StageFailure =>
  new StageFailure({
    what: "",
    where: "pipeline name",
    why: `${quotedName(pipeline)} cannot be the name of a folder everywhere, as the output's is: ${because}`,
    hint: 'Give pipeline() a plain name, such as "my-dog".',
    kind: "input",
  })

const badParams = (pipeline: string, issues: readonly FieldIssue[]): StageFailure =>
  new StageFailure({
    what: issues.length === 1 ? "A pipeline parameter does not fit" : `${issues.length} pipeline parameters do not fit`,
    where: `pipeline ${pipeline}: ${issues.map((issue) => issue.field).join(", ")}`,
    why: issues.map((issue) => `${issue.field}: ${issue.why}`).join("; "),
    hint: "Change the value given with --set, or the default in the pipeline file.",
    kind: "input",
  })

const badDefaults = (pipeline: string, issues: readonly FieldIssue[]): StageFailure => {
  const { what, where, why } = badParams(pipeline, issues)
  return new StageFailure({ what, where, why, hint: "Correct the defaults in the pipeline file.", kind: "input" })
}

const buildThrew = (pipeline: string, cause: unknown): StageFailure => {
  const where = `pipeline ${pipeline}`
  if (cause instanceof NoResult) {
    const hint = "Return what the last stage returned, or a record of such results"
    return new StageFailure({ what: "", where, why: cause.message, hint, kind: "input" })
  }
  return new StageFailure({
    what: "The pipeline could not be wired",
    where,
    why: cause instanceof Error ? cause.message : String(cause),
    hint: "Correct the pipeline file; --verbose shows where it was thrown.",
    kind: "input",
    cause,
  })
}
