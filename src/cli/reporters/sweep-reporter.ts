/**
 * What a user sees of a sweep that runs: on a terminal a table that fills, into a log a line for each thing that happens, for programs
 * every event as JSON.
 */
import { Option } from "effect"
import type { SweepEvent } from "../../runtime/sweep/sweep-events.ts"
import { results } from "../ending/standard-streams.ts"
import { jsonVersion } from "./json-reporter.ts"
import type { Screen } from "./pretty-reporter.ts"
import { printableEvent } from "./printable.ts"
import { isJson, isLive, type Reporter, type ReporterOptions, steady } from "./reporter.ts"
import { sweepBoard } from "./sweep-board.ts"
import { sweepLines } from "./sweep-lines.ts"
import { sweepScreen } from "./sweep-screen.ts"
import { style, wantsColor } from "./words.ts"

export type SweepReporter = Reporter<SweepEvent>

const json = (): SweepReporter => ({
  show: (event) => results.write(`${JSON.stringify({ version: jsonVersion, ...event })}\n`),
  say: () => {},
  close: () => {},
})

const plain = (color: boolean): SweepReporter => {
  const board = sweepBoard()
  const lineFor = sweepLines(board, style(color))
  return {
    show: (told) => {
      const event = printableEvent(told)
      board.take(event, Date.now())
      const line = lineFor(event)
      if (line !== undefined) process.stderr.write(`${line}\n`)
    },
    say: (text) => void process.stderr.write(`${text}\n`),
    close: () => {},
  }
}

const redrawMs = 200
const clearBelow = "\u001b[J"
const up = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A\r`)

/** What the table shows needs no line beside it. */
const isLasting = ({ type }: SweepEvent): boolean =>
  type !== "trial-started" && type !== "trial-measured" && type !== "trial-decided"

/** Where it draws; `rows` is the height, where anybody knows. */
export interface SweepScreen extends Screen {
  readonly rows?: number
}

export const liveSweep = (color: boolean, out: SweepScreen = process.stderr): SweepReporter => {
  const paint = style(color)
  const board = sweepBoard()
  const lineFor = sweepLines(board, paint)
  let drawn = 0
  const draw = (lasting: string, isLast = false): void => {
    // A live line that wrapped could not be taken away again.
    const size = { columns: (out.columns || 80) - 1, rows: out.rows || 24, nowMs: Date.now() }
    const live = isLast ? [] : sweepScreen(board, size, paint)
    if (lasting === "" && live.length === 0 && drawn === 0) return
    out.write(`${up(drawn)}${clearBelow}${lasting}${live.map((line) => `${line}\n`).join("")}`)
    drawn = live.length
  }
  const timer = setInterval(() => {
    try {
      draw("")
    } catch {
      // Thrown here it would end the process; the next event throws it where it can be told.
      clearInterval(timer)
    }
  }, redrawMs)
  timer.unref()
  return {
    show: (told) => {
      const event = printableEvent(told)
      board.take(event, Date.now())
      const line = isLasting(event) ? lineFor(event) : undefined
      if (line !== undefined) draw(`${line}\n`)
    },
    say: (text) => draw(`${text}\n`),
    close: () => {
      clearInterval(timer)
      draw("", true)
    },
  }
}

export const sweepReporter = (options: ReporterOptions): SweepReporter => {
  if (isJson(options)) return steady(json())
  const isTerminal = isLive(process.stderr, process.env)
  const kind = Option.getOrElse(options.reporter, () => (isTerminal ? "pretty" : "plain"))
  const color = wantsColor(process.stderr, options.noColor)
  return steady(kind === "pretty" ? liveSweep(color) : plain(color))
}
