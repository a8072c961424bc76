/** The table of a sweep in its journal: what `loom compare` and `loom log` show of it later. Without curves and pictures. */
import { Clock, Effect, Option, Schema } from "effect"
import { type JournalOf, SweepJournals } from "../../runtime/storage/sweep-journal.ts"
import type { SweepTable } from "../sweep-report/sweep-table.ts"

const entryKind = "table"
const endKind = "ended"

const Direction = Schema.Literals(["minimise", "maximise"])
const Steps = Schema.Struct({ asked: Schema.Finite, trained: Schema.Finite })
const Value = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])

const KeptTable = Schema.Struct({
  name: Schema.String,
  pipeline: Schema.String,
  search: Schema.String,
  adaptive: Schema.Boolean,
  objectives: Schema.Array(Schema.Struct({ name: Schema.String, direction: Direction })),
  axes: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      kind: Schema.Literals(["real", "integer", "choice"]),
      log: Schema.Boolean,
      options: Schema.NullOr(Schema.Array(Schema.String)),
    }),
  ),
  trials: Schema.Array(
    Schema.Struct({
      trial: Schema.Finite,
      rank: Schema.NullOr(Schema.Finite),
      state: Schema.Literals(["complete", "pruned", "failed", "running", "waiting"]),
      values: Schema.Record(Schema.String, Value),
      objectives: Schema.Array(Schema.NullOr(Schema.Finite)),
      spread: Schema.NullOr(Schema.Finite),
      rungs: Schema.Array(Schema.Struct({ steps: Schema.Finite, value: Schema.Finite })),
      steps: Steps,
      onFront: Schema.Boolean,
      why: Schema.NullOr(Schema.String),
      byHand: Schema.Boolean,
    }),
  ),
  steps: Steps,
})

/** Takes note of the table, and that the sweep was run just now. */
export const keepTable = Effect.fnUntraced(function* (journal: JournalOf, table: SweepTable) {
  const journals = yield* SweepJournals
  const trials = table.trials.map(({ loss: _loss, validation: _validation, pictures: _pictures, ...trial }) => trial)
  yield* journals.note(journal, entryKind, "", JSON.parse(JSON.stringify({ ...table, trials })))
  yield* journals.note(journal, endKind, "", { atMs: yield* Clock.currentTimeMillis })
})

/** None where the sweep was never run to an end or to a stop. */
export const keptTable = Effect.fnUntraced(function* (journal: Pick<JournalOf, "identity">) {
  const entries = yield* (yield* SweepJournals).entries(journal)
  const kept = Schema.decodeUnknownOption(KeptTable)(entries.find(({ kind }) => kind === entryKind)?.entry)
  return Option.map(
    kept,
    (table): SweepTable => ({
      ...table,
      trials: table.trials.map((trial) => ({ ...trial, loss: [], validation: [], pictures: [] })),
    }),
  )
})
