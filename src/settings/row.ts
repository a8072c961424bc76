/**
 * A row: all there is to know of one training parameter, in one place.
 *
 * What a pipeline file may write and what the engine obeys, the default, the bounds with their sentences, the unit, the meaning,
 * the words of other trainers, and where in a training the value acts. Stage schema, engine settings, checks, keys, the LoRA file's
 * record, `loom explain --settings` and the parameter page are made from the rows; nothing of it is written a second time.
 */
import { Schema } from "effect"
import { withDefault } from "./field-defaults.ts"
import type { DrawThingsWord, KohyaWord } from "./other-words.ts"

/** A schema that needs no services. */
export type Field = Schema.Codec<unknown, unknown>
type PlainField = Field & Schema.WithoutConstructorDefault

/** What of the other parameters a row's rules and words look at. */
export interface Beside {
  readonly networkDim: number
  readonly unetLearningRate: number
  readonly textModel: { readonly learningRate: number } | null
  readonly customEmbedding: { readonly learningRate: number; readonly stopAtStep: number | null } | null
  readonly steps: number
  readonly warmupSteps: number
  readonly gradientAccumulationSteps: number
}

/** A bound: when it holds, and the sentence when it does not. */
export interface Rule<A> {
  holds(value: A, beside: Beside): boolean
  /** What follows the value in the sentence. */
  readonly why: string
  /** The whole sentence instead. */
  says?(value: A, beside: Beside): string
  readonly hint: string
  /** Another hint, with numbers of the run. */
  advice?(value: A, beside: Beside): string
  /** Default "error", which stops the run. */
  readonly severity?: "warning"
}

/**
 * Where a parameter acts, and so what a change of it computes again.
 *
 * - `start`: every step depends on it.
 * - `step`: its value is in force at each step.
 * - `rates`: it acts through the learning rates' values alone; steps with equal rates are shared.
 * - `course`: it says which steps are done and saved, and changes none of them.
 * - `machine`: it changes no result, and enters no key.
 * - `parts`: each of its parts says for itself.
 */
export type InForce = "start" | "step" | "rates" | "course" | "machine" | "parts"

/** What a row says besides its schemas, for values A as written and T as the engine takes them. */
export interface Facts<A, T = A> {
  /** As a table heads it: "network dim". */
  readonly title: string
  readonly unit: string
  /** A sentence or two, for people. */
  readonly meaning: string
  readonly inForce: InForce
  /** Bounds of the value by itself. The engine's schema keeps them too. */
  readonly rules?: readonly Rule<A>[]
  /** What it has to be beside the other parameters; asked when the bounds hold. */
  readonly together?: readonly Rule<A>[]
  readonly kohya: KohyaWord<A>
  readonly drawThings: DrawThingsWord<A>
  /** The value for a table beside other trainers; null: not shown, its parts are. Default: the number. */
  shown?(value: A): string | null
  /** The one value for all that mean the same; it enters the key, and goes on to the engine. Default: as it is. */
  canonical?(value: A, beside: Beside): A
  /** What the engine takes for it, where that is left to other parameters. Default: as it is. */
  resolve?(value: A, beside: Beside): T
  /** Rows of an object's members. */
  readonly parts?: Rows
  /** Rows of an object's members, by its `kind`. */
  readonly kinds?: Readonly<Record<string, Rows>>
  /** What was done by a Loom that did not know the parameter yet, and so does not record it; none: the first one knew it. */
  readonly unrecorded?: T
}

export interface Row<F extends Field = Field, T extends Field = Field> extends Facts<F["Type"], T["Type"]> {
  /** Of the pipeline file: types alone, so that rules may speak. */
  readonly field: F
  /** Of the engine: bounds included. */
  readonly setting: T
  /** undefined: it must be given. */
  readonly default: F["Type"] | undefined
}

/** Rows by parameter, in the order in which they are shown. */
export type Rows = Readonly<Record<string, Row>>

export type FieldsOf<R extends Rows> = { readonly [K in keyof R]: R[K]["field"] }
export type SettingFieldsOf<R extends Rows> = { readonly [K in keyof R]: R[K]["setting"] }

/** The schema with a row's bounds in it. */
const bounded = <S extends PlainField>(schema: S, rules: readonly Rule<S["Type"]>[] = []): S => {
  // A check changes nothing of a schema's types, which TypeScript cannot see of a schema it does not know.
  const checked: unknown = rules.reduce(
    (bound: Schema.Codec<unknown, unknown>, { holds, why }) =>
      bound.check(Schema.makeFilter((value) => holds(value, nothingBeside) || why)),
    schema,
  )
  return checked as S
}

/** Bounds look at the value alone. */
const nothingBeside: Beside = {
  networkDim: 0,
  unetLearningRate: 0,
  textModel: null,
  customEmbedding: null,
  steps: 0,
  warmupSteps: 0,
  gradientAccumulationSteps: 1,
}

/** A parameter that may be left out. */
export const row = <S extends PlainField>(
  schema: S,
  facts: Facts<S["Type"]> & { readonly default: S["~type.make.in"] & S["Type"] },
): Row<Schema.withConstructorDefault<S>, Schema.withConstructorDefault<S>> => ({
  ...facts,
  field: withDefault(schema, facts.default),
  setting: withDefault(bounded(schema, facts.rules), facts.default),
})

/** A parameter that must be given, where its object is. */
export const requiredRow = <S extends PlainField>(schema: S, facts: Facts<S["Type"]>): Row<S, S> => ({
  ...facts,
  field: schema,
  setting: bounded(schema, facts.rules),
  default: undefined,
})

/** A parameter that the engine takes in another form than pipelines write it. */
export const resolvedRow = <S extends PlainField, T extends Field>(
  schema: S,
  setting: T,
  facts: Facts<S["Type"], T["Type"]> & { readonly default: S["~type.make.in"] & S["Type"] },
): Row<Schema.withConstructorDefault<S>, T> => ({ ...facts, field: withDefault(schema, facts.default), setting })

const ofEach = (rows: Rows, schemaOf: (row: Row) => Field): Readonly<Record<string, Field>> =>
  Object.fromEntries(Object.entries(rows).map(([name, one]) => [name, schemaOf(one)]))

/** The fields of the object that a pipeline file writes. */
export const fieldsOf = <R extends Rows>(rows: R): FieldsOf<R> => ofEach(rows, ({ field }) => field) as FieldsOf<R>

/** The fields of the object that the engine takes. */
export const settingFieldsOf = <R extends Rows>(rows: R): SettingFieldsOf<R> =>
  ofEach(rows, ({ setting }) => setting) as SettingFieldsOf<R>
