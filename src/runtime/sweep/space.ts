/**
 * From a space as it is written to what is searched: dimensions, and back from a point to values of parameters.
 *
 * What is nested is laid flat: an axis inside a record or inside an option is named by the way to it, "textModel.learningRate".
 * Equal options are merged, so that no point is tried twice.
 */
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { Dimension, Point, Range } from "../search/dimension.ts"
import { type Axis, type AxisShape, isAxis } from "./axis.ts"
import { optionWords } from "./option-words.ts"

/** What may stand in the place of a value: an axis of such values, or a record in which some members are axes. */
export type Searched<A> =
  | Axis<A>
  | (A extends readonly unknown[] ? never : A extends object ? SearchedRecord<A> : never)

type SearchedRecord<A extends object> = { readonly [K in keyof A]: A[K] | Searched<A[K]> }

/** A space over parameters: an axis for each parameter that is searched. */
export type Space<Params> = { readonly [K in keyof Params]?: Searched<Params[K]> }

/** A space whose types are forgotten. */
export type AnySpace = Readonly<Record<string, unknown>>

/** An axis as tables show it. */
export interface ShownAxis {
  readonly name: string
  readonly kind: "real" | "integer" | "choice"
  readonly log: boolean
  /** What a choice is made among, in words; null for numbers. */
  readonly options: readonly string[] | null
}

export type ShownValue = string | number | boolean | null

export interface FlatSpace {
  readonly dimensions: readonly Dimension[]
  readonly axes: readonly ShownAxis[]
  /** Values of the parameters that the space names. */
  readonly valuesOf: (point: Point) => Readonly<Record<string, Json>>
  /** By the axis's name; axes that are not there have none. */
  readonly shownOf: (point: Point) => Readonly<Record<string, ShownValue>>
  /** A parameter that is repeated, and how often. */
  readonly repeated: { readonly name: string; readonly count: number } | null
}

type Build = (point: Point) => Json

interface Flat {
  readonly dimensions: Dimension[]
  readonly axes: ShownAxis[]
  readonly shown: Map<string, (value: number) => ShownValue>
  repeated: { readonly name: string; readonly count: number } | null
}

/** Lays a space flat. It has been checked (`spaceProblems`). */
export const flatSpace = (space: AnySpace): FlatSpace => {
  const flat: Flat = { dimensions: [], axes: [], shown: new Map(), repeated: null }
  const builds = Object.entries(space)
    .filter(([, written]) => written !== undefined)
    .flatMap(([name, written]) => {
      if (isAxis(written) && written.shape.kind === "repeats") {
        flat.repeated = { name, count: written.shape.count }
        return []
      }
      return [[name, laid(flat, name, written, [])] as const]
    })
  const { dimensions, axes, repeated } = flat
  return {
    ...{ dimensions, axes, repeated },
    valuesOf: (point) => Object.fromEntries(builds.map(([name, build]) => [name, build(point)])),
    shownOf: (point) =>
      Object.fromEntries(
        dimensions.flatMap(({ name }) => (name in point ? [[name, flat.shown.get(name)!(point[name]!)]] : [])),
      ),
  }
}

const laid = (flat: Flat, path: string, written: unknown, when: Dimension["when"]): Build => {
  if (isAxis(written)) return laidAxis(flat, path, written.shape, when)
  if (!holdsAxis(written)) return () => written as Json
  const members = Object.entries(written as object).map(
    ([name, member]) => [name, laid(flat, `${path}.${name}`, member, when)] as const,
  )
  return (point) => Object.fromEntries(members.map(([name, build]) => [name, build(point)]))
}

const laidAxis = (flat: Flat, path: string, shape: AxisShape, when: Dimension["when"]): Build => {
  const name = freshName(flat, path)
  if (shape.kind === "choice") return laidChoice(flat, name, shape.options, when)
  if (shape.kind === "repeats") throw new Error("repeats stand by themselves")
  add(flat, { name, range: rangeOf(shape), when }, null, (value) => value)
  return (point) => point[name]!
}

const laidChoice = (flat: Flat, name: string, written: readonly unknown[], when: Dimension["when"]): Build => {
  const options = distinct(written)
  const words = wordsOf(options)
  const range: Range = { kind: "choice", count: options.length, ordered: isOrdered(options) }
  const isPlain = (option: unknown): option is ShownValue => option === null || typeof option !== "object"
  add(flat, { name, range, when }, words, (place) => {
    const option = options[place]
    return isPlain(option) ? option : words[place]!
  })
  const builds = options.map((option, place) => laid(flat, name, option, [...when, { dimension: name, place }]))
  return (point) => builds[point[name]!]!(point)
}

const add = (
  flat: Flat,
  dimension: Dimension,
  options: readonly string[] | null,
  shown: (value: number) => ShownValue,
): void => {
  const { name, range } = dimension
  flat.dimensions.push(dimension)
  flat.axes.push({ name, kind: range.kind, log: range.kind !== "choice" && range.log, options })
  flat.shown.set(name, shown)
}

const rangeOf = (shape: Exclude<AxisShape, { readonly kind: "choice" | "repeats" }>): Range => {
  if (shape.kind === "real") return shape
  const { low, step } = shape
  // The last value that is reached, so that nobody takes the written end for a value.
  return { ...shape, high: low + Math.floor((shape.high - low) / step) * step }
}

/** Two options may hold axes of one name: the second is told apart by a number. */
const freshName = ({ shown }: Flat, path: string): string => {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path} (${number})`
    if (!shown.has(name)) return name
  }
}

const holdsAxis = (written: unknown): boolean =>
  isAxis(written) ||
  (typeof written === "object" &&
    written !== null &&
    !Array.isArray(written) &&
    Object.values(written).some((member) => holdsAxis(member)))

/** The same words for the same option, whatever its members' order; axes inside by their shapes. */
const identityOf = (option: unknown): string => canonicalJson(plain(option))

const plain = (value: unknown): Json => {
  if (isAxis(value)) return { axis: plain(value.shape) }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

/** The space as JSON, for its identity. */
export const plainSpace = (space: AnySpace): Json => plain(space)

/** Of equal ones the first. */
const distinct = (options: readonly unknown[]): readonly unknown[] => {
  const seen = new Set<string>()
  return options.filter((option) => {
    const identity = identityOf(option)
    const isNew = !seen.has(identity)
    seen.add(identity)
    return isNew
  })
}

/** Options whose short words are alike are told apart by longer ones. */
const wordsOf = (options: readonly unknown[]): readonly string[] => {
  const short = options.map((option) => optionWords(option))
  return options.map((option, place) =>
    short.filter((words) => words === short[place]).length === 1 ? short[place]! : optionWords(option, "all"),
  )
}

/** Numbers, each above the one before or each below it. */
const isOrdered = (options: readonly unknown[]): boolean => {
  if (options.length < 2 || !options.every((option): option is number => typeof option === "number")) return false
  const rises = options.slice(1).map((option, place) => Math.sign(option - options[place]!))
  return rises.every((rise) => rise === rises[0])
}
