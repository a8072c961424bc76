/** Events as lines that stay: what started, what stages say, what was reused, what is done, what went wrong, what was written. */

import { counted } from "../../runtime/model/counted.ts"
import type { RunEvent } from "../../runtime/model/events.ts"
import { closed, duration, fromHere, moment, type Style, sentence } from "./words.ts"

/** Width of the column of stage names. */
const labelWidth = 14

/** Times shorter than this are not worth a word. */
const quickMs = 100

const named = (label: string, paint: Style): string => paint.bold(label.padEnd(labelWidth))

const reusedItems = (items: { readonly restored: number } | undefined): string =>
  items === undefined ? "" : ` ${counted(items.restored, "result")}`

type Of<Type extends RunEvent["type"]> = Extract<RunEvent, { readonly type: Type }>

const restored = ({ label, madeAtMs, tookMs, items }: Of<"stage-restored">, paint: Style): string =>
  `${paint.dim("=")} ${named(label, paint)} ${paint.dim(`reused${reusedItems(items)} from ${moment(madeAtMs)}${tookMs < quickMs ? "" : ` (took ${duration(tookMs)} then)`}`)}`

const finished = ({ label, elapsedMs, items }: Of<"stage-finished">, paint: Style): string => {
  const kept = items === undefined || items.restored === 0 ? "" : `, ${items.restored} reused`
  const count = items === undefined ? "" : `, ${items.toRun + items.waiting} made${kept}`
  return `${paint.green("✓")} ${named(label, paint)} done${elapsedMs < quickMs ? "" : ` in ${duration(elapsedMs)}`}${count}`
}

const stopped = ({ label, done, of, unit, hint }: Of<"stage-stopped">, paint: Style): string =>
  `${paint.yellow("■")} ${named(label, paint)} stopped after ${done} of ${of} ${unit}. ${sentence(fromHere(hint))}`

const warned = ({ label, field, message, hint }: Of<"warning">, paint: Style): string => {
  const place = field === undefined || field === "" ? label : `${label}: ${fromHere(field)}`
  return `${paint.yellow("warning")}: ${paint.bold(place)}: ${[closed(fromHere(message)), sentence(fromHere(hint))].join(" ").trim()}`
}

const lineOf = (event: RunEvent, paint: Style, verbose: boolean): string | undefined => {
  switch (event.type) {
    case "stage-restored":
      return restored(event, paint)
    case "stage-started":
      return `${paint.cyan("▸")} ${named(event.label, paint)} ${event.reason.sentence}`
    case "stage-waiting":
      return `${paint.dim("…")} ${named(event.label, paint)} another run is making this; waiting for it`
    case "stage-finished":
      return finished(event, paint)
    case "stage-stopped":
      return stopped(event, paint)
    case "stage-failed":
      return `${paint.red("✗")} ${named(event.label, paint)} failed${event.item === undefined ? "" : ` at ${event.item}`}`
    case "warning":
      return warned(event, paint)
    case "logged":
      return `  ${named(event.label, paint)} ${event.message}`
    case "artifact-written":
      return verbose ? `  ${named(event.label, paint)} wrote ${fromHere(event.file)}` : undefined
    case "stage-cancelled":
      return verbose ? `  ${named(event.label, paint)} not started: ${event.because}` : undefined
    default:
      return undefined
  }
}

/**
 * The line for each event; undefined for those that only move a bar, and for those told at the end. Waiting for another
 * run is told once for each stage, not for each of its items.
 */
export const eventLines = (paint: Style, verbose: boolean): ((event: RunEvent) => string | undefined) => {
  const waiting = new Set<string>()
  return (event) => {
    if (event.type === "stage-waiting") {
      if (waiting.has(event.label)) return undefined
      waiting.add(event.label)
    }
    return lineOf(event, paint, verbose)
  }
}
