/**
 * Which trials are shown: what is asked on each facet, set by number fields and by strokes on a plot's axes alike.
 *
 * A stroke is an interval of places. It is kept as what it means in values, so that fields and strokes never disagree.
 */

import { absent } from "../tables/short-words.ts"
import { type AxisScale, absentPlace, type NumberScale, type OptionScale, type Reading } from "./axis-scale.ts"
import type { Facet, ShownTrial } from "./facets.ts"

export interface RangeAsked {
  readonly kind: "numbers"
  /** null: no end on this side. */
  readonly from: number | null
  readonly to: number | null
  /** Whether trials that have a number are asked for, and those that have none. */
  readonly present: boolean
  readonly absent: boolean
}

export interface OptionsAsked {
  readonly kind: "options"
  readonly allowed: readonly string[]
}

export type Asked = RangeAsked | OptionsAsked

/** By facet; a facet without a member takes every trial. */
export type Filter = ReadonlyMap<Facet, Asked>

const isIn = ({ from, to, present, absent }: RangeAsked, reading: Reading): boolean =>
  typeof reading === "number" ? present && (from === null || reading >= from) && (to === null || reading <= to) : absent

const takes = (asked: Asked, reading: Reading): boolean =>
  asked.kind === "numbers"
    ? isIn(asked, reading)
    : asked.allowed.includes(reading === undefined ? absent : String(reading))

export const passes = (filter: Filter, trial: ShownTrial): boolean =>
  [...filter].every(([facet, asked]) => takes(asked, facet.read(trial)))

export type Interval = readonly [from: number, to: number]

/** Short enough to be read in a field, and never narrower than the stroke. */
const rounded = (value: number, up: boolean): number => {
  const near = Number(value.toPrecision(4))
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 3)
  if (up ? near >= value : near <= value) return near
  return Number((up ? near + unit : near - unit).toPrecision(4))
}

const rangeIn = ({ valueAt, hasAbsent }: NumberScale, [from, to]: Interval): RangeAsked => ({
  kind: "numbers",
  from: from <= 0 ? null : rounded(valueAt(from), false),
  to: to >= 1 ? null : rounded(valueAt(to), true),
  present: to >= 0,
  absent: hasAbsent && from <= absentPlace && to >= absentPlace,
})

const optionsIn = ({ options, ticks }: OptionScale, [from, to]: Interval): OptionsAsked => {
  const inside = new Set(ticks.filter(({ place }) => place >= from && place <= to).map(({ label }) => label))
  return { kind: "options", allowed: options.filter((option) => inside.has(option)) }
}

/** What a stroke on an axis asks for. */
export const askedBy = (scale: AxisScale, interval: Interval): Asked =>
  scale.kind === "numbers" ? rangeIn(scale, interval) : optionsIn(scale, interval)

/** Half of a stroke that stands for one place alone. */
const half = 0.03

/** The strokes that show what is asked on an axis. */
export const intervalsFor = (scale: AxisScale, asked: Asked | undefined): readonly Interval[] => {
  if (asked === undefined) return []
  if (asked.kind === "options") {
    return scale.ticks
      .filter(({ label }) => asked.allowed.includes(label))
      .map(({ place }) => [place - half, place + half])
  }
  const from = asked.from === null ? -half : scale.placeOf(asked.from)
  const to = asked.to === null ? 1 + half : scale.placeOf(asked.to)
  return [
    ...(asked.absent && scale.hasAbsent ? [[absentPlace - half, absentPlace + half] as const] : []),
    ...(asked.present && from <= to ? [[Math.max(from, -half), Math.min(to, 1 + half)] as const] : []),
  ]
}
