/** The journal of a sweep as lines: each decision with what was known by then, what came of it, and in which run. */
import type { JournalEntry, JournalSummary } from "../../runtime/storage/sweep-journal.ts"
import { objectiveWords } from "../../tools/sweep-report/value-words.ts"
import { printable, printableName } from "./printable.ts"
import { valuesLine } from "./sweep-lines.ts"
import { moment, type Style } from "./words.ts"

interface Decided {
  readonly decision: number
  readonly trial: number
  readonly untilStep: number | null
  readonly visible: number
  readonly values: Parameters<typeof valuesLine>[0]
}

type Found =
  | { readonly kind: "measured"; readonly values: readonly number[] }
  | { readonly kind: "failed"; readonly why: string }

const of = <A>(entries: readonly JournalEntry[], kind: string): ReadonlyMap<string, A> =>
  new Map(entries.filter((one) => one.kind === kind).map(({ place, entry }) => [place, entry as A]))

const foundWords = (found: Found | undefined, paint: Style): string => {
  if (found === undefined) return paint.dim("not measured")
  return found.kind === "failed"
    ? paint.red(`failed: ${printable(found.why)}`)
    : found.values.map(objectiveWords).join(", ")
}

const decisionLine = (decided: Decided, found: Found | undefined, run: string, paint: Style): string => {
  const { decision, trial, untilStep, visible, values } = decided
  const until = untilStep === null ? "to the end" : `to step ${untilStep}`
  const known = paint.dim(`${visible} known`)
  return [
    String(decision).padStart(4),
    paint.bold(`trial ${trial}`.padEnd(10)),
    until.padEnd(12),
    foundWords(found, paint).padEnd(12),
    known,
    paint.dim(run),
    printableName(valuesLine(values)),
  ]
    .filter((part) => part !== "")
    .join("  ")
}

/** `others`: how many journals of this name there are beside it, of another space or on other files. */
export const sweepLog = (
  { sweep, identity, firstAtMs, lastAtMs }: JournalSummary,
  entries: readonly JournalEntry[],
  others: number,
  paint: Style,
): string => {
  const decided = [...of<Decided>(entries, "decided").values()].sort((one, other) => one.decision - other.decision)
  const found = of<Found>(entries, "result")
  const runs = of<{ readonly run: number }>(entries, "run")
  const lines = decided.map((one) => {
    const run = runs.get(`${one.decision}.0`)?.run
    return decisionLine(one, found.get(String(one.decision)), run === undefined ? "" : `run ${run}`, paint)
  })
  const more = others === 0 ? "" : paint.dim(`; ${others} more of this name, of another space, other files or code`)
  const when = `${moment(firstAtMs)} – ${moment(lastAtMs)}`
  return [`${paint.bold(printableName(sweep))}  ${identity.slice(0, 12)}  ${when}${more}`, "", ...lines].join("\n")
}
