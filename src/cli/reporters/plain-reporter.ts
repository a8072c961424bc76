/** Into a file or a log: a line when something changes, and one every few seconds for what takes long. No cursor movements. */
import type { RunEvent } from "../../runtime/model/events.ts"
import { eventLines } from "./event-lines.ts"
import { printableEvent } from "./printable.ts"
import { progressWords } from "./progress-words.ts"
import type { Reporter } from "./reporter.ts"
import { StageBars } from "./stage-bars.ts"
import { style } from "./words.ts"

const everyMs = 5000

export const plainReporter = (options: { readonly verbose: boolean; readonly color: boolean }): Reporter => {
  const paint = style(options.color)
  const bars = new StageBars()
  const lineFor = eventLines(paint, options.verbose)
  const toldAtMs = new Map<string, number>()

  const progress = (event: RunEvent): string | undefined => {
    if (event.type !== "stage-progress" && event.type !== "item-finished") return undefined
    const bar = bars.running.get(event.label)
    const now = Date.now()
    const last = toldAtMs.get(event.label) ?? 0
    if (bar === undefined || now - last < everyMs) return undefined
    toldAtMs.set(event.label, now)
    return `  ${bar.label.padEnd(14)} ${progressWords(bar)}`
  }

  return {
    show: (told) => {
      const event = printableEvent(told)
      if (event.type === "stage-started") toldAtMs.set(event.label, Date.now())
      bars.take(event, Date.now())
      const line = lineFor(event) ?? progress(event)
      if (line !== undefined) process.stderr.write(`${line}\n`)
    },
    say: (text) => void process.stderr.write(`${text}\n`),
    close: () => {},
  }
}
