/**
 * What a terminal shows while the quick start trains: its recorded events, told by the real reporter to a terminal without a
 * window.
 *
 * Nothing depends on the clock or the machine: the reporter's time is that of the recording, and screens are taken at events,
 * not after so many seconds.
 */
import { mock } from "node:test"
import xterm from "@xterm/headless"
import { artifactList } from "../../../src/cli/artifact-list.ts"
import { prettyReporter } from "../../../src/cli/reporters/pretty-reporter.ts"
import { style } from "../../../src/cli/reporters/words.ts"
import { summary } from "../../../src/cli/run.ts"
import type { RunEvent } from "../../../src/runtime/model/events.ts"
import type { RunReport } from "../../../src/runtime/run/run-outcome.ts"
import quickStart from "./quick-start.json" with { type: "json" }

export const columns = 92
export const rows = 22

/**
 * Events and losses are those of a run of the quick start. Its times are spread so that a step takes the 60.6 ms, and the
 * whole run the 27.7 s, of the benchmark; of the steps every fifth is kept.
 */
interface Recording {
  readonly events: readonly {
    readonly atMs: number
    readonly event: RunEvent
    /** A screen is taken after this event, and shown for so long. */
    readonly shownMs?: number
  }[]
  readonly report: RunReport
}

const recording = quickStart as unknown as Recording

/** A run of cells of one look: where it begins, what it says. */
export interface Run {
  readonly column: number
  readonly text: string
  readonly color: "plain" | "dim" | "red" | "green" | "yellow" | "cyan"
  readonly isBold: boolean
}

export interface Frame {
  /** Row by row, from the top. */
  readonly lines: readonly (readonly Run[])[]
  readonly shownMs: number
}

const typed = `${style(true).green("$")} npm start\n`

interface Written {
  readonly text: string
  readonly shownMs: number
}

/** What is written to the terminal, cut where a screen is taken. */
const written = (): readonly Written[] => {
  const parts: Written[] = []
  let text = typed
  const write = (more: string): void => {
    text += more
  }
  const cut = (shownMs: number): void => {
    parts.push({ text, shownMs })
    text = ""
  }
  cut(700)
  mock.timers.enable({ apis: ["Date", "setInterval"], now: 0 })
  try {
    const reporter = prettyReporter({ verbose: false, color: true }, { columns, write })
    const { events, report } = recording
    for (const { atMs, event, shownMs } of events) {
      mock.timers.tick(Math.max(0, atMs - Date.now()))
      reporter.show(event)
      if (shownMs === undefined) continue
      if (event.type === "run-finished") {
        reporter.close()
        write(`\n${summary(report)}\n${artifactList(report.artifacts, style(true))}`)
      }
      // The live lines are drawn by the clock.
      mock.timers.tick(100)
      cut(shownMs)
    }
  } finally {
    mock.timers.reset()
  }
  return parts
}

const colors = ["plain", "red", "green", "yellow", "plain", "plain", "cyan", "plain"] as const

type Terminal = InstanceType<typeof xterm.Terminal>
type Line = NonNullable<ReturnType<Terminal["buffer"]["active"]["getLine"]>>
type Cell = NonNullable<ReturnType<Line["getCell"]>>

const lookOf = (cell: Cell): Pick<Run, "color" | "isBold"> => ({
  color: cell.isDim() ? "dim" : cell.isFgPalette() ? (colors[cell.getFgColor()] ?? "plain") : "plain",
  isBold: cell.isBold() !== 0,
})

/** Cells that look the same and stand together; two blanks part them, so that no reader of the picture has to keep blanks. */
const runsOf = (line: Line): readonly Run[] => {
  const runs: Run[] = []
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column)!
    const last = runs.at(-1)
    const [text, look] = [cell.getChars() || " ", lookOf(cell)]
    if (last?.color === look.color && last.isBold === look.isBold && !last.text.endsWith("  "))
      runs[runs.length - 1] = { ...last, text: last.text + text }
    else runs.push({ column, text, ...look })
  }
  return runs.flatMap((run) => {
    const text = run.text.trim()
    return text === "" ? [] : [{ ...run, column: run.column + run.text.indexOf(text), text }]
  })
}

const linesOf = (terminal: Terminal): readonly (readonly Run[])[] => {
  const { active } = terminal.buffer
  return Array.from({ length: rows }, (_, row) => runsOf(active.getLine(active.baseY + row)!))
}

/** The screens, in order, the last one after the run. */
export const frames = async (): Promise<readonly Frame[]> => {
  const terminal = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true })
  const taken: Frame[] = []
  for (const { text, shownMs } of written()) {
    await new Promise<void>((resolve) => terminal.write(text, resolve))
    taken.push({ lines: linesOf(terminal), shownMs })
  }
  terminal.dispose()
  return taken
}
