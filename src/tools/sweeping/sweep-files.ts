/**
 * The finished files of a sweep: its table, the report and the picture sheet, in the sweep's folder beside those of its best trials.
 *
 * They are put there as a run's files are: whole, and never over something that somebody else wrote. What they were drawn from is written
 * into the journal, so that the same table is not drawn twice.
 */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import { Events } from "../../runtime/model/events.ts"
import { digestJson } from "../../runtime/model/fingerprint.ts"
import type { Artifact } from "../../runtime/model/node.ts"
import { codeDigest } from "../../runtime/plan/code-digest.ts"
import { makeArtifactWriter } from "../../runtime/run/artifacts.ts"
import { Blobs } from "../../runtime/storage/blobs.ts"
import { type JournalOf, SweepJournals } from "../../runtime/storage/sweep-journal.ts"
import { sweepCsv } from "../sweep-report/sweep-csv.ts"
import { sweepReport } from "../sweep-report/sweep-report.ts"
import { sweepSheet } from "../sweep-report/sweep-sheet.ts"
import type { SweepTable } from "../sweep-report/sweep-table.ts"

const entryKind = "files"

const Drawn = Schema.Struct({
  /** Of what the files were drawn from: the table, and the code that draws. */
  from: Schema.String,
  files: Schema.Array(Schema.Struct({ path: Schema.String, label: Schema.String, blob: Blob })),
})
type Drawn = typeof Drawn.Type

/** `folder`: the sweep's own. */
export const placeSweepFiles = Effect.fn("placeSweepFiles")(
  function* (table: SweepTable, journal: JournalOf, folder: string) {
    const from = yield* sourceOf(table)
    const files = (yield* drawnBefore(journal, from)) ?? (yield* drawn(table))
    const entry = Schema.encodeSync(Drawn)({ from, files })
    yield* (yield* SweepJournals).note(journal, entryKind, "", JSON.parse(JSON.stringify(entry)))
    const writer = yield* makeArtifactWriter(folder)
    return yield* writer.place("sweep", files)
  },
  Effect.provide(Events.layer, { local: true }),
)

const sourceOf = Effect.fnUntraced(function* (table: SweepTable) {
  const { digest } = yield* codeDigest(import.meta.url)
  const trials = table.trials.map(({ pictures, ...trial }) => ({
    ...trial,
    pictures: pictures.map(({ prompt, webp }) => [prompt, createHash("sha256").update(webp).digest("hex")]),
  }))
  return digestJson(JSON.parse(JSON.stringify({ digest, ...table, trials })))
})

/** undefined: they were drawn from something else, or their bytes are gone. */
const drawnBefore = Effect.fnUntraced(function* (journal: JournalOf, from: string) {
  const entries = yield* (yield* SweepJournals).entries(journal)
  const last = Schema.decodeUnknownOption(Drawn)(entries.find(({ kind }) => kind === entryKind)?.entry)
  if (last._tag === "None" || last.value.from !== from) return undefined
  const blobs = yield* Blobs
  const present = yield* blobs.present(last.value.files.map(({ blob }) => blob))
  return last.value.files.every(({ blob }) => present.has(blob.sha256)) ? last.value.files : undefined
})

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text)

const drawn = Effect.fnUntraced(function* (table: SweepTable) {
  const blobs = yield* Blobs
  const report = yield* Effect.promise(() => sweepReport({ table }))
  const sheet = yield* Effect.promise(() => sweepSheet(table))
  const files: readonly (readonly [path: string, label: string, bytes: Uint8Array | undefined])[] = [
    ["sweep.csv", "table", encoded(sweepCsv(table))],
    ["sweep.html", "report", encoded(report)],
    ["sweep-sheet.png", "picture sheet", sheet],
  ]
  const artifacts: Artifact[] = []
  for (const [path, label, bytes] of files) {
    if (bytes !== undefined) artifacts.push({ path, label, blob: yield* blobs.put(bytes) })
  }
  return artifacts satisfies Drawn["files"] as Drawn["files"]
})
