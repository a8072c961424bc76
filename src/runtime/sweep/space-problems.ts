/**
 * What is wrong with a space: names that the pipeline does not have, ranges without values, and values that a parameter does not take.
 *
 * Every end of a range and every listed value is decoded by the pipeline's own schema, so whoever writes JavaScript is told the same as
 * the type checker tells.
 */
import { Predicate, Result } from "effect"
import type { Json } from "../model/canonical-json.ts"
import { nearestName } from "../model/nearest-name.ts"
import type { ParamsSchema } from "../model/node.ts"
import { sayValue } from "../model/say-value.ts"
import { decodeParams } from "../model/schema-codec.ts"
import { type AxisShape, isAxis } from "./axis.ts"
import { optionWords } from "./option-words.ts"
import { type SweepProblem, warned, wrong } from "./sweep-problems.ts"

export interface Searchable {
  readonly schema: ParamsSchema
  readonly defaults: Readonly<Record<string, Json>>
}

/** Empty where `flatSpace` can lay the space flat and every value fits. */
export const spaceProblems = (space: unknown, { schema, defaults }: Searchable): readonly SweepProblem[] => {
  if (!Predicate.isObject(space) || Array.isArray(space))
    return [wrong("space", `the space has to be a record; this is ${sayValue(space)}`, recordHint)]
  const names = parameterNames(schema, defaults)
  const named = Object.entries(space).filter(([, written]) => written !== undefined)
  const shapes = named.flatMap(([name, written]) =>
    names.includes(name) ? shapeProblems(name, written, true) : [unknownName(name, names)],
  )
  if (shapes.some(({ severity }) => severity === "error")) return shapes
  return [...shapes, ...repeatProblems(named), ...named.flatMap((one) => valueProblems(one, { schema, defaults }))]
}

const recordHint = "Write space: { unetLearningRate: logUniform(1e-4, 1e-2) }"

const parameterNames = (schema: ParamsSchema, defaults: Readonly<Record<string, Json>>): readonly string[] =>
  "fields" in schema && Predicate.isObject(schema.fields) ? Object.keys(schema.fields) : Object.keys(defaults)

const unknownName = (name: string, names: readonly string[]): SweepProblem => {
  const nearest = nearestName(name, names)
  const known = names.length === 0 ? "It has no parameters" : `It has ${names.join(", ")}`
  const hint = nearest === undefined ? known : `Did you mean "${nearest}"? ${known}`
  return wrong(fieldOf(name), "the pipeline has no such parameter", hint)
}

const fieldOf = (path: string): string => `space.${path}`

const shapeProblems = (path: string, written: unknown, isTop: boolean): readonly SweepProblem[] => {
  if (isAxis(written)) return axisProblems(path, written.shape, isTop)
  if (Predicate.isObject(written) && !Array.isArray(written)) {
    const inside = Object.entries(written).flatMap(([name, member]) => innerProblems(`${path}.${name}`, member))
    return isTop && !holdsAxis(written) ? [noAxis(path, written), ...inside] : inside
  }
  return isTop ? [noAxis(path, written)] : []
}

/** Plain values may stand inside. */
const innerProblems = (path: string, member: unknown): readonly SweepProblem[] =>
  isAxis(member) || (Predicate.isObject(member) && !Array.isArray(member)) ? shapeProblems(path, member, false) : []

const holdsAxis = (written: unknown): boolean =>
  isAxis(written) || (Predicate.isObject(written) && Object.values(written).some(holdsAxis))

const noAxis = (path: string, written: unknown): SweepProblem => {
  const why = `what is searched has to be an axis; this is ${sayValue(written)}`
  const hint = Array.isArray(written)
    ? `Write oneOf(${written
        .slice(0, 4)
        .map((one) => optionWords(one))
        .join(", ")})`
    : "Write oneOf(…) or a range, or set the value in the pipeline"
  return wrong(fieldOf(path), why, hint)
}

const axisProblems = (path: string, shape: AxisShape, isTop: boolean): readonly SweepProblem[] => {
  switch (shape.kind) {
    case "choice":
      return choiceProblems(path, shape.options)
    case "repeats":
      return countProblems(path, shape.count, isTop)
    default:
      return rangeProblems(path, shape)
  }
}

const choiceProblems = (path: string, options: readonly unknown[]): readonly SweepProblem[] => {
  if (options.length === 0) return [wrong(fieldOf(path), "oneOf lists no value", "List the values to be tried")]
  return options.flatMap((option) => {
    if (option === undefined) return [wrong(fieldOf(path), "a listed value is undefined", "Take it out, or write null")]
    if (isAxis(option)) return [wrong(fieldOf(path), "an axis stands among the listed values", "Write the axis alone")]
    return innerProblems(path, option)
  })
}

const countProblems = (path: string, count: unknown, isTop: boolean): readonly SweepProblem[] => {
  if (!isTop) return [wrong(fieldOf(path), "repeats stand inside a value", "Repeat a parameter of the pipeline")]
  if (Number.isSafeInteger(count) && (count as number) >= 1) return []
  const why = `so many repeats have to be a whole number from 1 on; this is ${sayValue(count)}`
  return [wrong(fieldOf(path), why, "Write repeats(3)")]
}

type RangeShape = Exclude<AxisShape, { readonly kind: "choice" | "repeats" }>

const rangeProblems = (path: string, shape: RangeShape): readonly SweepProblem[] => {
  const field = fieldOf(path)
  const ends = [shape.low, shape.high] as readonly unknown[]
  const strange = ends.find((end) => typeof end !== "number" || !Number.isFinite(end))
  if (strange !== undefined || ends.includes(undefined))
    return [wrong(field, `the ends of a range have to be numbers; this is ${sayValue(strange)}`, "Write two numbers")]
  if (shape.low > shape.high)
    return [wrong(field, `it goes from ${shape.low} down to ${shape.high}`, "Write the smaller end first")]
  if (shape.log && shape.low <= 0)
    return [wrong(field, `it begins at ${shape.low}, where equal ratios mean nothing`, "Begin above 0")]
  return shape.kind === "integer" ? integerProblems(field, shape) : []
}

const integerProblems = (field: string, { low, high, step }: RangeShape & { readonly kind: "integer" }) => {
  const strange = [low, high, step].find((one) => !Number.isSafeInteger(one))
  if (strange !== undefined)
    return [wrong(field, `integer() takes whole numbers; this is ${sayValue(strange)}`, "Write uniform() for others")]
  return step >= 1 ? [] : [wrong(field, `a step of ${step} leads nowhere`, "Write a step from 1 on")]
}

const repeatProblems = (named: readonly (readonly [string, unknown])[]): readonly SweepProblem[] => {
  const repeated = named.filter(([, written]) => isAxis(written) && written.shape.kind === "repeats")
  if (repeated.length < 2) return []
  const [, second] = repeated
  return [wrong(fieldOf(second![0]), "two parameters are repeated", "Repeat one of them, the seed")]
}

/** Values that the parameter refuses, put where they would stand. */
const valueProblems = (
  [name, written]: readonly [string, unknown],
  { schema, defaults }: Searchable,
): readonly SweepProblem[] => {
  const problems = samples(name, written).flatMap(({ path, value, whole }) => {
    const decoded = decodeParams(schema, { ...defaults, [name]: whole })
    if (Result.isSuccess(decoded)) return []
    const issue = decoded.failure.find(({ field }) => field === name || field.startsWith(`${name}.`))
    if (issue === undefined) return []
    const hint = "Change the axis, or the parameter's schema in the pipeline"
    return [wrong(fieldOf(path), `${optionWords(value, "all")} does not fit: ${issue.why}`, hint)]
  })
  return [...firstOfEach(problems), ...listedTwice(name, written)]
}

const firstOfEach = (problems: readonly SweepProblem[]): readonly SweepProblem[] => [
  ...new Map([...problems].reverse().map((one) => [one.field, one])).values(),
]

const listedTwice = (name: string, written: unknown): readonly SweepProblem[] => {
  if (!isAxis(written) || written.shape.kind !== "choice") return []
  const words = written.shape.options.map((option) => optionWords(option, "all"))
  const twice = [...new Set(words.filter((word, place) => words.indexOf(word) !== place))].slice(0, 3)
  if (twice.length === 0) return []
  return [warned(fieldOf(name), `${twice.join(", ")} is listed more than once, and counts once`, "Take it out")]
}

interface Sample {
  readonly path: string
  readonly value: unknown
  /** The parameter's value with this one in it. */
  readonly whole: Json
}

/** Both ends of every range and every listed value, each with the others at their first. */
const samples = (path: string, written: unknown): readonly Sample[] => {
  if (isAxis(written)) return axisSamples(path, written.shape)
  if (!holdsAxis(written)) return [{ path, value: written, whole: written as Json }]
  const members = Object.entries(written as object).map(
    ([name, member]) => [name, samples(`${path}.${name}`, member)] as const,
  )
  const first = Object.fromEntries(members.map(([name, [one]]) => [name, one!.whole]))
  return members.flatMap(([name, inside]) => inside.map((one) => ({ ...one, whole: { ...first, [name]: one.whole } })))
}

const axisSamples = (path: string, shape: AxisShape): readonly Sample[] => {
  switch (shape.kind) {
    case "choice":
      return shape.options.flatMap((option) => samples(path, option))
    case "repeats":
      return [1, shape.count].map((value) => ({ path, value, whole: value }))
    default:
      return [shape.low, shape.high].map((value) => ({ path, value, whole: value }))
  }
}
