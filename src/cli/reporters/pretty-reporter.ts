/**
 * On a terminal: lines that stay scroll by, and below them one live line per running stage.
 *
 * Everything goes to stderr, unless another screen is given; stdout is for results. The live part is taken away and drawn
 * anew with cursor movements, ten times a second at most.
 */
import type { RunEvent } from "../../runtime/model/events.ts"
import { eventLines } from "./event-lines.ts"
import { printableEvent } from "./printable.ts"
import { barLine } from "./progress-words.ts"
import type { Reporter } from "./reporter.ts"
import { StageBars } from "./stage-bars.ts"
import { style } from "./words.ts"

const redrawMs = 100
const clearBelow = "\u001b[J"
const up = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A\r`)

/** Where it draws. */
export interface Screen {
  /** Its width; undefined or 0 where nobody knows. */
  readonly columns?: number
  readonly write: (text: string) => unknown
}

export const prettyReporter = (
  options: { readonly verbose: boolean; readonly color: boolean },
  out: Screen = process.stderr,
): Reporter => {
  const paint = style(options.color)
  const bars = new StageBars()
  const lineFor = eventLines(paint, options.verbose)
  let drawn = 0
  let tick = 0

  const draw = (lasting = ""): void => {
    // A live line that wrapped could not be taken away again, and some terminals wrap when the last column is written.
    const columns = (out.columns || 80) - 1
    const live = [...bars.running.values()].map((bar) => `${barLine(bar, tick, paint, columns)}\n`)
    if (lasting === "" && live.length === 0 && drawn === 0) return
    out.write(`${up(drawn)}${clearBelow}${lasting}${live.join("")}`)
    drawn = live.length
  }

  const timer = setInterval(() => {
    tick++
    try {
      draw()
    } catch {
      // Thrown here it would end the process; the next event throws it where it can be told.
      clearInterval(timer)
    }
  }, redrawMs)
  timer.unref()

  return {
    show: (told: RunEvent) => {
      const event = printableEvent(told)
      bars.take(event, Date.now())
      // Its reason is told by the line that stays; the bar shows that it runs.
      const line = lineFor(event)
      if (line !== undefined) draw(`${line}\n`)
    },
    say: (text) => draw(`${text}\n`),
    close: () => {
      clearInterval(timer)
      bars.running.clear()
      draw()
    },
  }
}
