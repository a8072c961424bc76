/** The sweep that a user names: the journal of this name that was written last. */
import { Effect } from "effect"
import { type JournalSummary, SweepJournals } from "../../runtime/storage/sweep-journal.ts"

export interface FoundSweep {
  readonly journal: JournalSummary
  /** How many others have the name: of another space, on other files, by other code. */
  readonly others: number
}

/** undefined: there is none of this name. */
export const findSweep = Effect.fnUntraced(function* (name: string) {
  const [journal, ...others] = yield* (yield* SweepJournals).list({ sweep: name })
  return journal === undefined ? undefined : ({ journal, others: others.length } satisfies FoundSweep as FoundSweep)
})
