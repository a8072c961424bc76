/**
 * The runs a user means: by number, by the name of a pipeline or the beginning of one, or "-" for the latest of all.
 *
 * A pipeline's name means its latest run. A number is never the beginning of another: runs that are gone must not become others.
 */
import { Effect, Option } from "effect"
import { nearestName } from "../../runtime/model/nearest-name.ts"
import { type Run, Store } from "../../runtime/storage/store.ts"
import { CliFailure } from "../ending/cli-failure.ts"
import { type FoundSweep, findSweep } from "./find-sweep.ts"

/** What is to be laid side by side. */
export type Compared =
  /** Two or more, in the order in which they were named. */
  | { readonly kind: "runs"; readonly runs: readonly Run[] }
  /** The trials of one sweep. */
  | { readonly kind: "sweep"; readonly sweep: FoundSweep }

const mostNames = 12

const isNumber = (wanted: string): boolean => /^[1-9]\d*$/.test(wanted)

const noSuchRun = (wanted: string, latest: readonly Run[]): CliFailure =>
  CliFailure.one(2, { where: wanted, why: "there is no such run", hint: whatThereIs(wanted, latest) })

const whatThereIs = (wanted: string, latest: readonly Run[]): string => {
  if (latest[0] === undefined) return "Run a pipeline first"
  if (isNumber(wanted)) return `The latest is ${latest[0].id}; list them with loom log`
  const names = latest.map(({ pipeline }) => pipeline)
  const nearest = nearestName(wanted, names)
  const meant = nearest === undefined ? "" : `Did you mean ${nearest}? `
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : ""
  return `${meant}There are runs of ${names.slice(0, mostNames).join(", ")}${more}; list them with loom log`
}

const ambiguous = (wanted: string, names: readonly string[]): CliFailure =>
  CliFailure.one(2, {
    where: wanted,
    why: `the names of ${names.length} pipelines begin like this: ${names.slice(0, mostNames).join(", ")}`,
    hint: "Write more of the name, or the run's number as loom log shows it",
  })

const byName = (wanted: string, latest: readonly Run[]): Effect.Effect<Run, CliFailure> => {
  const exact = latest.find(({ pipeline }) => pipeline === wanted)
  const matching = exact === undefined ? latest.filter(({ pipeline }) => pipeline.startsWith(wanted)) : [exact]
  const [first, ...others] = wanted === "" ? [] : matching
  if (first === undefined) return Effect.fail(noSuchRun(wanted, latest))
  const names = matching.map(({ pipeline }) => pipeline)
  return others.length === 0 ? Effect.succeed(first) : Effect.fail(ambiguous(wanted, names))
}

export const findRun = Effect.fnUntraced(function* (wanted: string) {
  const store = yield* Store
  const run = isNumber(wanted) ? yield* store.findRun(Number(wanted)) : Option.none()
  if (Option.isSome(run)) return run.value
  const latest = yield* store.latestRuns
  return wanted === "-" && latest[0] !== undefined ? latest[0] : yield* byName(wanted, latest)
})

const nothingBeside = Effect.fnUntraced(function* (wanted: readonly string[], only: Run) {
  const runs = yield* (yield* Store).listRuns()
  const others = runs.filter(({ id }) => id !== only.id)
  const before = others.find(({ id, pipeline }) => pipeline === only.pipeline && id < only.id)
  const other = before ?? others.find(({ pipeline }) => pipeline === only.pipeline) ?? others[0]
  const why = wanted.length === 1 ? "one run alone has nothing to differ from" : `all of them are run ${only.id}`
  const hint =
    other === undefined
      ? "Run a pipeline again with something changed, then compare the two"
      : `Name another one, as in loom compare ${other.id} ${only.id}`
  return CliFailure.one(2, { where: wanted.join(" "), why, hint })
})

/** The runs that are named, or the sweep; naming one twice adds nothing. */
export const findCompared = Effect.fnUntraced(function* (wanted: readonly string[]) {
  const sweep = wanted.length === 1 ? yield* findSweep(wanted[0]!) : undefined
  if (sweep !== undefined) return { kind: "sweep", sweep } satisfies Compared as Compared
  const found = yield* Effect.forEach(wanted, findRun)
  const runs = [...new Map(found.map((run) => [run.id, run])).values()]
  const [only, second] = runs
  if (only !== undefined && second === undefined) return yield* yield* nothingBeside(wanted, only)
  const compared: Compared = { kind: "runs", runs }
  return compared
})
