/** Journals of sweeps: entries that stand, entries that come out otherwise, and two sweeps of one name. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { SweepJournals } from "../../../src/runtime/storage/sweep-journal.ts"
import { inStorage, temporaryFolder } from "./rig/temporary-storage.ts"

const rates = { sweep: "rates", identity: "a" }
const otherRates = { sweep: "rates", identity: "b" }
const dims = { sweep: "dims", identity: "c" }

const note = (...args: Parameters<SweepJournals["Service"]["note"]>) =>
  Effect.flatMap(SweepJournals, (journals) => journals.note(...args))

const entriesOf = (identity: string) =>
  Effect.flatMap(SweepJournals, (journals) => journals.entries({ identity })).pipe(
    Effect.map((entries) => entries.map(({ kind, place, entry }) => [kind, place, entry])),
  )

describe("the journal of a sweep", () => {
  it.live("keeps entries in the order in which they were first written, for the next process too", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* inStorage(
        folder,
        Effect.gen(function* () {
          yield* note(rates, "decided", "0", { trial: 1 })
          yield* note(rates, "result", "0", 0.5)
          yield* note(rates, "decided", "0", { trial: 1 })
        }),
      )
      expect(yield* inStorage(folder, entriesOf("a"))).toEqual([
        ["decided", "0", { trial: 1 }],
        ["result", "0", 0.5],
      ])
    }),
  )

  it.live("says what stood in an entry's place when it comes out otherwise, and nothing when it is the same", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const said = yield* inStorage(
        folder,
        Effect.gen(function* () {
          yield* note(rates, "result", "0", { value: 0.5, of: 1 })
          const same = yield* note(rates, "result", "0", { of: 1, value: 0.5 })
          return [same, yield* note(rates, "result", "0", { value: 0.25, of: 1 })]
        }),
      )
      expect(said).toEqual([Option.none(), Option.some({ value: 0.5, of: 1 })])
      expect(yield* inStorage(folder, entriesOf("a"))).toEqual([["result", "0", { value: 0.25, of: 1 }]])
    }),
  )

  it.live("is another one for another identity, whatever the name", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const listed = yield* inStorage(
        folder,
        Effect.gen(function* () {
          yield* note(rates, "defined", "", 1)
          yield* note(dims, "defined", "", 2)
          yield* note(otherRates, "defined", "", 3)
          const journals = yield* SweepJournals
          const names = (list: readonly { readonly sweep: string; readonly identity: string }[]) =>
            list.map(({ sweep, identity }) => `${sweep} ${identity}`)
          return [names(yield* journals.list()), names(yield* journals.list({ sweep: "rates" }))]
        }),
      )
      expect(listed).toEqual([
        ["rates b", "dims c", "rates a"],
        ["rates b", "rates a"],
      ])
      expect(yield* inStorage(folder, entriesOf("b"))).toEqual([["defined", "", 3]])
    }),
  )
})
