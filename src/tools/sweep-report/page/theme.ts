/** The colours of plots: those of the page's style, and a scale from the best rank to the last, told apart by lightness too. */
import type { ShownTrial } from "../facets.ts"

export interface Theme {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly paper: string
  readonly accent: string
  /** From 0, the best, to 1. */
  readonly ramp: (place: number) => string
}

type Colour = readonly [red: number, green: number, blue: number]

/** Parts of matplotlib's "plasma", each of them readable on its paper. */
const onWhite: readonly Colour[] = [
  [61, 4, 155],
  [126, 3, 168],
  [180, 46, 141],
  [216, 87, 107],
  [232, 119, 80],
]
const onBlack: readonly Colour[] = [
  [244, 230, 60],
  [253, 180, 47],
  [237, 121, 83],
  [204, 71, 120],
  [162, 52, 168],
]

const between = (stops: readonly Colour[], place: number): string => {
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1)
  const [from, to] = [stops[Math.floor(at)]!, stops[Math.ceil(at)]!]
  const share = at - Math.floor(at)
  return `rgb(${from.map((value, channel) => Math.round(value + share * (to[channel]! - value))).join(",")})`
}

const isDark = matchMedia("(prefers-color-scheme: dark)")
let isPrinted = false

export const theme = (): Theme => {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(name).trim()
  const stops = isDark.matches && !isPrinted ? onBlack : onWhite
  return {
    ink: read("--ink"),
    muted: read("--muted"),
    line: read("--line"),
    paper: read("--paper"),
    accent: read("--accent"),
    ramp: (place) => between(stops, place),
  }
}

/** Calls when colours change: the reader's choice of dark or light, and printing, which is always dark on white. */
export const onThemeChange = (change: (isPrinted: boolean) => void): void => {
  const print = (to: boolean) => () => {
    isPrinted = to
    document.documentElement.classList.toggle("printed", to)
    change(to)
  }
  isDark.addEventListener("change", () => change(isPrinted))
  addEventListener("beforeprint", print(true))
  addEventListener("afterprint", print(false))
}

/** The colour of each trial by its rank; those without one are muted. */
export const trialColours = (trials: readonly ShownTrial[], { ramp, muted }: Theme): ReadonlyMap<number, string> => {
  const last = Math.max(2, ...trials.map(({ rank }) => rank ?? 0))
  return new Map(
    trials.map(({ trial, rank }) => [trial, rank === null ? muted : ramp(Math.sqrt((rank - 1) / (last - 1)))]),
  )
}

/** Dashes say what colour alone must not: that a trial was not trained to its end. */
export const dashOf = ({ state }: ShownTrial): "solid" | "dashed" | "dotted" =>
  state === "complete" ? "solid" : state === "failed" ? "dotted" : "dashed"

/** How wide a trial's line is where many are drawn: that of a few hundred hides what lies below it. */
export const lineWidthOf = (trials: number): number => (trials > 100 ? 0.7 : 1.5)
