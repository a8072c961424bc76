/**
 * The finished files of a sweep: its table, the report and the picture sheet, in the sweep's folder beside those of its best trials.
 *
 * They are put there as a run's files are: whole, and never over something that somebody else wrote.
 */
import { Effect } from "effect"
import { Events } from "../../runtime/model/events.ts"
import type { Artifact } from "../../runtime/model/node.ts"
import { makeArtifactWriter } from "../../runtime/run/artifacts.ts"
import { Blobs } from "../../runtime/storage/blobs.ts"
import { sweepCsv } from "../sweep-report/sweep-csv.ts"
import { sweepReport } from "../sweep-report/sweep-report.ts"
import { sweepSheet } from "../sweep-report/sweep-sheet.ts"
import type { SweepTable } from "../sweep-report/sweep-table.ts"

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text)

/** `folder`: the sweep's own. */
export const placeSweepFiles = Effect.fn("placeSweepFiles")(
  function* (table: SweepTable, folder: string) {
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
    const writer = yield* makeArtifactWriter(folder)
    return yield* writer.place("sweep", artifacts)
  },
  Effect.provide(Events.layer, { local: true }),
)
