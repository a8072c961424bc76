/** Events of a sweep as lines that stay: what is tried, what came of it, what went wrong. */
import type { SweepEvent } from "../../runtime/sweep/sweep-events.ts"
import { objectiveWords, valueWords } from "../../tools/sweep-report/value-words.ts"
import type { SweepBoard } from "./sweep-board.ts"
import { planLine } from "./sweep-words.ts"
import { closed, fromHere, type Style, sentence } from "./words.ts"

type Of<Type extends SweepEvent["type"]> = Extract<SweepEvent, { readonly type: Type }>

const named = (trial: number, paint: Style): string => paint.bold(`trial ${trial}`.padEnd(10))

/** "unetLearningRate 0.0012, networkDim 8" */
export const valuesLine = (values: Of<"trial-decided">["values"]): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${valueWords(value)}`)
    .join(", ")

const untilWords = (untilStep: number | null): string =>
  untilStep === null ? " to the end" : ` up to step ${untilStep}`

const started = ({ trial }: Of<"trial-started">, board: SweepBoard, paint: Style): string => {
  const { values, untilStep, measuredRung } = board.trials().find((one) => one.trial === trial)!
  const what = measuredRung < 0 ? valuesLine(values) : "goes on"
  const until = measuredRung < 0 && untilStep === null ? "" : untilWords(untilStep)
  return `${paint.cyan("▸")} ${named(trial, paint)} ${what}${until}`
}

const measured = ({ trial, values, restored }: Of<"trial-measured">, board: SweepBoard, paint: Style): string => {
  const results = board.objectives().map(({ name }, at) => `${name} ${objectiveWords(values[at])}`)
  const best = board.ranked()[0]?.trial === trial ? paint.green(", best so far") : ""
  const mark = restored ? paint.dim("=") : paint.green("✓")
  return `${mark} ${named(trial, paint)} ${results.join(", ")}${best}${restored ? paint.dim(", known") : ""}`
}

const failed = ({ trial, why }: Of<"trial-failed">, paint: Style): string =>
  `${paint.red("✗")} ${named(trial, paint)} failed: ${closed(fromHere(why))}`

const warned = (place: string, message: string, hint: string, paint: Style): string =>
  `${paint.yellow("warning")}: ${paint.bold(fromHere(place))}: ${[closed(fromHere(message)), sentence(fromHere(hint))].join(" ").trim()}`

const lineOf = (event: SweepEvent, board: SweepBoard, paint: Style): string | undefined => {
  switch (event.type) {
    case "sweep-planned":
      return planLine(event)
    case "trial-started":
      return started(event, board, paint)
    case "trial-measured":
      return measured(event, board, paint)
    case "trial-failed":
      return failed(event, paint)
    case "trial-shown":
      return `${paint.cyan("▸")} ${named(event.trial, paint)} is run whole, for its pictures and files (rank ${event.rank})`
    case "sweep-warning":
      return warned(event.field, event.message, event.hint, paint)
    case "journal-differs":
      return warned(
        event.what,
        `it came out otherwise than before: ${event.before}, now ${event.now}`,
        "What it depends on has changed unseen, such as a clock, a file or a network",
        paint,
      )
    case "trial-event": {
      if (event.event.type !== "warning") return undefined
      const { label, field, message, hint } = event.event
      return warned(field === undefined || field === "" ? label : `${label}: ${field}`, message, hint, paint)
    }
    default:
      return undefined
  }
}

/** The line for each event; undefined for those that only move a number. The same warning in many trials is told once. */
export const sweepLines = (board: SweepBoard, paint: Style): ((event: SweepEvent) => string | undefined) => {
  const warnings = new Set<string>()
  return (event) => {
    const line = lineOf(event, board, paint)
    if (event.type !== "trial-event" || line === undefined) return line
    if (warnings.has(line)) return undefined
    warnings.add(line)
    return line
  }
}
