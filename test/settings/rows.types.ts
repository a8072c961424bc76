/** What the type checker says of rows. `tsc --noEmit` fails when an expected error is no error any more. */
import { Schema } from "effect"
import { nothingInDrawThings, nothingInKohya } from "../../src/settings/other-words.ts"
import { row } from "../../src/settings/row.ts"
import type { TrainParamsInput } from "../../src/settings/train-params-input.ts"
import type { trainRows } from "../../src/settings/train-rows.ts"
import type { TrainParams, TrainParams as TrainParamsSchema } from "../../src/stages/training/train-params.ts"

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Given = (typeof TrainParamsSchema)["~type.make.in"]

/** The printed types are those of the rows, no name more or less. */
export const isPrintedWhole: Same<TrainParamsInput, Given> = true
export const hasAllNames: Same<keyof TrainParamsInput, keyof typeof trainRows> = true

const facts = {
  title: "made-up",
  unit: "sparks",
  meaning: "Nobody knows",
  inForce: "step",
  kohya: nothingInKohya,
  drawThings: nothingInDrawThings,
  default: 7,
} as const
const { title: _0, ...untitled } = facts
const { unit: _1, ...withoutUnit } = facts
const { meaning: _2, ...meaningless } = facts
const { inForce: _3, ...nowhere } = facts
const { kohya: _4, ...withoutKohya } = facts
const { drawThings: _5, ...withoutDrawThings } = facts
const { default: _6, ...withoutDefault } = facts

export const madeUp = row(Schema.Finite, facts)
// @ts-expect-error a row has a title
row(Schema.Finite, untitled)
// @ts-expect-error a row has a unit
row(Schema.Finite, withoutUnit)
// @ts-expect-error a row has a meaning
row(Schema.Finite, meaningless)
// @ts-expect-error a row says where it is in force
row(Schema.Finite, nowhere)
// @ts-expect-error a row has kohya's word
row(Schema.Finite, withoutKohya)
// @ts-expect-error a row has Draw Things' word
row(Schema.Finite, withoutDrawThings)
// @ts-expect-error a row that may be left out has a default
row(Schema.Finite, withoutDefault)
// @ts-expect-error a default is of the row's own type
row(Schema.Finite, { ...facts, default: "7" })

/** A new row is missing from the printed types and from the tests' values, and both are named. */
type NewParameter = "madeUp"
type WithMadeUp = Omit<TrainParams, never> & { readonly [K in NewParameter]: number }
declare const everyValueBefore: TrainParams
// @ts-expect-error 'madeUp' is missing
export const everyValue: WithMadeUp = everyValueBefore
export const isMissingFromTypes: Same<keyof WithMadeUp, keyof TrainParamsInput> = false
