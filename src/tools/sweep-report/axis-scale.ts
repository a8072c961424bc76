/**
 * Where a value stands on its axis, as a place between 0 and 1, whatever the axis holds: numbers, their logarithms, words.
 *
 * A trial for which an axis is not there has a place too, below the others: no line leaves a plot.
 */

import { absent, shortNumber } from "../tables/short-words.ts"
import type { AxisValue } from "./sweep-table.ts"

/** What is read of a trial on one axis: a value, or nothing. */
export type Reading = AxisValue | undefined

export interface Tick {
  readonly place: number
  readonly label: string
}

interface Placed {
  readonly placeOf: (reading: Reading) => number
  /** By rising place; that of "–" is among them where some trial has nothing. */
  readonly ticks: readonly Tick[]
  readonly hasAbsent: boolean
}

export interface NumberScale extends Placed {
  readonly kind: "numbers"
  /** Of all trials; both are NaN where none has a number. */
  readonly low: number
  readonly high: number
  readonly valueAt: (place: number) => number
}

export interface OptionScale extends Placed {
  readonly kind: "options"
  /** In words, "–" last where some trial has nothing. */
  readonly options: readonly string[]
}

export type AxisScale = NumberScale | OptionScale

/** Where trials stand that have nothing on an axis. */
export const absentPlace = -0.18

const isNothing = (reading: Reading): reading is undefined => reading === undefined

/** Numbers between the ends at which a reader expects a mark: 1, 2 and 5 times a power of ten, or some of those. */
const logMarks = (low: number, high: number): readonly number[] => {
  const decades = Math.log10(high / low)
  const factors = decades > 3 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5]
  const first = Math.floor(Math.log10(low))
  const powers = Array.from({ length: Math.ceil(decades) + 2 }, (_, at) => first + at)
  return powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
}

const linearMarks = (low: number, high: number): readonly number[] => {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  return Array.from({ length: 8 }, (_, at) => Number(((first + at) * step).toPrecision(12)))
}

const mostOwnMarks = 6

/** The values themselves where they are few, as ranks of 4, 8, 16 and 32 are; round numbers otherwise; the ends where nothing fits. */
const marksFor = (values: readonly number[], low: number, high: number, isLog: boolean): readonly number[] => {
  const own = [...new Set(values)].sort((a, b) => a - b)
  if (low === high || (own.length <= mostOwnMarks && own.every(Number.isInteger))) return own
  const marks = (isLog ? logMarks : linearMarks)(low, high).filter((mark) => mark >= low && mark <= high)
  return marks.length >= 2 ? marks : [low, high]
}

const absentTick: Tick = { place: absentPlace, label: absent }

export const numberScale = (readings: readonly Reading[], log: boolean): NumberScale => {
  const values = readings.filter(
    (reading): reading is number => typeof reading === "number" && Number.isFinite(reading),
  )
  const [low, high] = values.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...values), Math.max(...values)]
  const isLog = log && low > 0
  const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [low, high]
  const placeOf = (reading: Reading): number => {
    if (typeof reading !== "number" || !Number.isFinite(reading)) return absentPlace
    return from === to ? 0.5 : ((isLog ? Math.log(reading) : reading) - from) / (to - from)
  }
  const valueAt = (place: number): number => {
    const inside = from + Math.min(1, Math.max(0, place)) * (to - from)
    return isLog ? Math.exp(inside) : inside
  }
  const hasAbsent = values.length < readings.length
  const marks = values.length === 0 ? [] : marksFor(values, low, high, isLog)
  const ticks = marks.map((mark) => ({ place: placeOf(mark), label: shortNumber(mark, 3) }))
  return {
    kind: "numbers",
    low,
    high,
    valueAt,
    placeOf,
    hasAbsent,
    ticks: [...(hasAbsent ? [absentTick] : []), ...ticks],
  }
}

/** `options` in the order in which they were written; what is read besides stands behind them. */
export const optionScale = (readings: readonly Reading[], options: readonly string[]): OptionScale => {
  const read = readings.filter((reading) => !isNothing(reading)).map(String)
  const words = [...new Set([...options.filter((option) => read.includes(option)), ...read])]
  const hasAbsent = readings.some(isNothing)
  const placeOf = (reading: Reading): number =>
    isNothing(reading) ? absentPlace : words.length === 1 ? 0.5 : words.indexOf(String(reading)) / (words.length - 1)
  return {
    kind: "options",
    options: [...words, ...(hasAbsent ? [absent] : [])],
    placeOf,
    hasAbsent,
    ticks: [...(hasAbsent ? [absentTick] : []), ...words.map((label) => ({ place: placeOf(label), label }))],
  }
}
