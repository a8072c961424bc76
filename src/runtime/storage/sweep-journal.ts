/**
 * The journal of sweeps: every decision and every result, so that a sweep can be gone through again and looked into afterwards.
 *
 * It is a record, not a source of results: those come from the cache, by their keys. A sweep that is run again writes the same entries
 * again, which changes nothing; an entry that comes out otherwise replaces the old one, and whoever wrote it is told what stood there.
 */
import { Clock, Context, Effect, Layer, Option } from "effect"
import { canonicalJson, type Json } from "../model/canonical-json.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { Store } from "./store.ts"

export interface JournalEntry {
  /** "defined", "decided", "result", … */
  readonly kind: string
  /** Tells entries of a kind apart: the number of a decision or of a trial. */
  readonly place: string
  readonly entry: Json
  readonly atMs: number
}

/** One sweep, by what its decisions depend on: the same name with another space is another journal. */
export interface JournalOf {
  readonly sweep: string
  /** Digest of all that its decisions depend on. */
  readonly identity: string
}

export interface JournalSummary extends JournalOf {
  readonly entries: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export class SweepJournals extends Context.Service<
  SweepJournals,
  {
    /** Writes an entry; gives what stood in its place and says something else. */
    readonly note: (
      journal: JournalOf,
      kind: string,
      place: string,
      entry: Json,
    ) => Effect.Effect<Option.Option<Json>, StorageFailure>
    /** In the order in which they were first written. */
    readonly entries: (journal: Pick<JournalOf, "identity">) => Effect.Effect<readonly JournalEntry[], StorageFailure>
    /** Newest first. */
    readonly list: (query?: {
      readonly sweep?: string
      readonly limit?: number
    }) => Effect.Effect<readonly JournalSummary[], StorageFailure>
  }
>()("loom/runtime/SweepJournals") {
  static readonly layer: Layer.Layer<SweepJournals, never, Store> = Layer.effect(
    SweepJournals,
    Effect.gen(function* () {
      const { attempt, tables } = yield* Store
      return {
        note: Effect.fn("SweepJournals.note")(function* ({ sweep, identity }, kind, place, entry) {
          const atMs = yield* Clock.currentTimeMillis
          const text = canonicalJson(entry)
          const row = { sweep, identity, kind, place, entry: text, atMs }
          const before = yield* attempt("Writing the sweep's journal", () => tables.sweeps.note(row))
          return before === undefined || before === text ? Option.none() : Option.some(JSON.parse(before) as Json)
        }),
        entries: ({ identity }) =>
          attempt("Reading the sweep's journal", () =>
            tables.sweeps.entries(identity).map((row) => ({ ...row, entry: JSON.parse(row.entry) as Json })),
          ),
        list: ({ sweep, limit = 1000 } = {}) =>
          attempt("Reading the sweeps", () => tables.sweeps.sweeps(sweep ?? null, limit)),
      }
    }),
  )
}
