/**
 * What is wrong, as data that a test asserts: the stage it is told at, the field or place, and how bad it is.
 *
 * The sentences are wording and stay out of the test's body: `wording` gives them as a snapshot keeps them.
 */
import { sep } from "node:path"
import type { StageProblem } from "../../src/runtime/define/pipeline-graph.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import type { FailureAt } from "../../src/runtime/run/run-outcome.ts"

export type Told =
  | { readonly label: string; readonly field: string; readonly severity: "error" | "warning" }
  | { readonly label: string; readonly where: string; readonly kind: "input" | "work" }

/** What a test expects to be told. */
export const error = (label: string, field: string): Told => ({ label, field, severity: "error" })
export const warning = (label: string, field: string): Told => ({ label, field, severity: "warning" })

/** What was told, and the sentences it was told in. */
export interface Sayings {
  readonly told: readonly Told[]
  readonly wording: string
}

interface Saying {
  readonly told: Told
  readonly sentence: string
}

const fromProblem = ({ label, field, severity, why, hint }: StageProblem): Saying => ({
  told: { label, field, severity },
  sentence: `${severity}: ${label}: ${field}: ${why}. ${hint}`,
})

const fromFailure = ({ label, failure: { where, kind, what, why, hint } }: FailureAt): Saying => ({
  told: { label, where, kind },
  sentence: `${kind}: ${label}: ${where}: ${what}: ${why}. ${hint}`,
})

/** Text without what differs from one machine or run to another: the project's folder, memory, digests, libvips. */
export const wording = (text: string, folder?: string): string =>
  within(folder, text)
    // Of two pictures that libvips reads at the same time, one gets the reason and the other "Unknown error".
    .replaceAll(/(?<=a picture cannot be read: ).*?(?=\. Save )/gs, "…")
    .replaceAll(/\d+(\.\d+)? GB\b/g, "… GB")
    .replaceAll(/\b[0-9a-f]{12}(…|[0-9a-f]{52}\b)/g, "…")
    .trimEnd()

const within = (folder: string | undefined, text: string): string =>
  folder === undefined ? withSlashes(text) : withSlashes(text.replaceAll(`${folder}${sep}`, ""))

/** A backslash at the end of a line goes on with a command, and one before "ud800" writes half a character, on every system. */
const withSlashes = (text: string): string => (sep === "/" ? text : text.replaceAll(/\\(?!\n|u[0-9a-f]{4})/g, "/"))

const sayings = (all: readonly Saying[], folder?: string): Sayings => ({
  told: all.map(({ told }) =>
    "where" in told ? { ...told, where: within(folder, told.where) } : { ...told, field: within(folder, told.field) },
  ),
  wording: wording(all.map(({ sentence }) => sentence).join("\n"), folder),
})

export const problemsTold = (problems: readonly StageProblem[], folder?: string): Sayings =>
  sayings(problems.map(fromProblem), folder)

/** Everything a run is refused for, or fails with. Items fail in no order, so failures are told by their places. */
export const refusalTold = (
  { problems, failures }: { readonly problems: readonly StageProblem[]; readonly failures: readonly FailureAt[] },
  folder: string,
): Sayings => {
  const errors = problems.filter(({ severity }) => severity === "error")
  const byPlace = failures.toSorted((a, b) => a.failure.where.localeCompare(b.failure.where))
  return sayings([...errors.map(fromProblem), ...byPlace.map(fromFailure)], folder)
}

export const warningsTold = (events: readonly RunEvent[], folder: string): Sayings =>
  sayings(
    events.flatMap((event) => {
      if (event.type !== "warning") return []
      const { label, field = "", message, hint } = event
      return [fromProblem({ label, field, severity: "warning", why: message, hint })]
    }),
    folder,
  )
