/**
 * A running stage in a line: "120/300 steps · loss 0.0712 · 2.1 steps/s · 1:25 min left · 612 MB".
 *
 * On a narrow terminal the line says less rather than being cut: how far it is stays longest, then how long it will take.
 * Metrics that stages report under known names are shown in words.
 */
import { cutToWidth, displayWidth, padToWidth } from "./display-width.ts"
import { rateOf, type StageBar } from "./stage-bars.ts"
import { duration, type Style, size } from "./words.ts"

const parts = ["count", "metrics", "rate", "left", "memory"] as const
type Part = (typeof parts)[number]

const rateWords = (rate: number, unit: string): string => {
  const one = unit.replace(/s$/, "")
  return rate >= 1 ? `${rate.toFixed(1)} ${unit}/s` : `${(1 / rate).toFixed(1)} s/${one}`
}

/** Metrics whose meaning the presenter knows; others are shown by name. */
const knownMetrics: Readonly<Record<string, ((value: number) => string) | null>> = {
  lossSmoothed: (value) => `loss ${value.toFixed(4)}`,
  residentBytes: null,
  loss: null,
  learningRate: null,
  gradNorm: null,
  elapsedMs: null,
}

const metricWords = (name: string, value: number): readonly string[] => {
  const known = knownMetrics[name]
  if (known === null) return []
  return [known === undefined ? `${name} ${Number(value.toPrecision(4))}` : known(value)]
}

/** Of parts of a unit two digits are enough. */
const shortened = (count: number): number => Number(count.toFixed(2))

/** "120/300 steps"; without the second number where nobody knows how many there are. */
const countWords = ({ done, of, unit }: StageBar): readonly string[] => {
  if (of <= 0 && done <= 0) return []
  const counted = of <= 0 ? `${shortened(done)}` : `${shortened(done)}/${shortened(of)}`
  return [unit === "" ? counted : `${counted} ${unit}`]
}

const wordsOf = (bar: StageBar): Readonly<Record<Part, readonly string[]>> => {
  const rate = rateOf(bar)
  const { residentBytes } = bar.metrics
  return {
    count: countWords(bar),
    metrics: Object.entries(bar.metrics).flatMap(([name, value]) => metricWords(name, value)),
    rate: rate === undefined ? [] : [rateWords(rate, bar.unit === "" ? "items" : bar.unit)],
    left: rate === undefined || bar.of <= 0 ? [] : [`${duration((1000 * bar.left) / rate)} left`],
    memory: residentBytes === undefined ? [] : [size(residentBytes)],
  }
}

const joined = (bar: StageBar, shown: readonly Part[]): string => {
  const words = wordsOf(bar)
  return shown.flatMap((part) => words[part]).join(" · ")
}

/** Everything about a bar but the bar itself. */
export const progressWords = (bar: StageBar): string => joined(bar, parts)

interface Form {
  /** Columns of the drawn bar. */
  readonly drawn: number
  readonly shown: readonly Part[]
}

/** From the richest to the shortest; the first that fits is shown. */
const forms: readonly Form[] = [
  { drawn: 24, shown: parts },
  { drawn: 24, shown: ["count", "metrics", "rate", "left"] },
  { drawn: 12, shown: ["count", "metrics", "rate", "left"] },
  { drawn: 12, shown: ["count", "metrics", "left"] },
  { drawn: 12, shown: ["count", "left"] },
  { drawn: 0, shown: ["count", "left"] },
  { drawn: 0, shown: ["count"] },
]

const nameWidth = 14
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

const drawBar = ({ done, of }: StageBar, columns: number, paint: Style): string => {
  if (columns === 0 || of <= 0) return ""
  const filled = Math.round(columns * Math.max(0, Math.min(1, done / of)))
  return `${paint.cyan("━".repeat(filled))}${paint.dim("─".repeat(columns - filled))} `
}

/** One live line, at most so many columns wide. `tick` turns the little wheel that shows that all is well. */
export const barLine = (bar: StageBar, tick: number, paint: Style, columns: number): string => {
  const wheel = paint.cyan(frames[tick % frames.length]!)
  const named = (label: string): string => `${wheel} ${paint.bold(padToWidth(label, nameWidth))}`
  if (bar.of <= 0 && bar.done <= 0) return cutToWidth(named(bar.label), columns)
  const lines = forms.map(
    ({ drawn, shown }) => `${named(bar.label)} ${drawBar(bar, drawn, paint)}${joined(bar, shown)}`,
  )
  const fitting = lines.find((line) => displayWidth(line) <= columns)
  if (fitting !== undefined) return fitting
  // A long name gives way to the number.
  const count = joined(bar, ["count"])
  const room = Math.max(0, columns - displayWidth(count) - 3)
  return cutToWidth(`${wheel} ${paint.bold(cutToWidth(bar.label, room))} ${count}`, columns)
}
