/**
 * SQL of sweeps' journals: what each decided and found, as entries in order.
 *
 * An entry is written once; one that is there with other words is replaced only on purpose, so that a sweep which is gone through again
 * leaves its journal as it was.
 */
import type Database from "better-sqlite3"

export interface SweepEntryRow {
  readonly kind: string
  readonly place: string
  readonly entry: string
  readonly atMs: number
}

export interface SweepRow {
  readonly sweep: string
  readonly identity: string
  readonly entries: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export interface NewSweepEntry {
  readonly sweep: string
  readonly identity: string
  readonly kind: string
  readonly place: string
  readonly entry: string
  readonly atMs: number
}

export type SweepTable = ReturnType<typeof sweepTable>

export const sweepTable = (database: Database.Database) => {
  const find = database.prepare<[string, string, string], { entry: string }>(
    "SELECT entry FROM sweep_entry WHERE identity = ? AND kind = ? AND place = ?",
  )
  const insert = database.prepare<[NewSweepEntry]>(
    `INSERT INTO sweep_entry (sweep, identity, kind, place, entry, at_ms)
     VALUES (@sweep, @identity, @kind, @place, @entry, @atMs)`,
  )
  const replace = database.prepare<[NewSweepEntry]>(
    `UPDATE sweep_entry SET entry = @entry, at_ms = @atMs
     WHERE identity = @identity AND kind = @kind AND place = @place`,
  )
  const entries = database.prepare<[string], SweepEntryRow>(
    "SELECT kind, place, entry, at_ms AS atMs FROM sweep_entry WHERE identity = ? ORDER BY id",
  )
  const sweeps = database.prepare<[{ sweep: string | null; limit: number }], SweepRow>(
    `SELECT sweep, identity, count(*) AS entries, min(at_ms) AS firstAtMs, max(at_ms) AS lastAtMs FROM sweep_entry
     WHERE @sweep IS NULL OR sweep = @sweep GROUP BY sweep, identity ORDER BY max(at_ms) DESC, max(id) DESC LIMIT @limit`,
  )
  const note = database.transaction((row: NewSweepEntry): string | undefined => {
    const before = find.get(row.identity, row.kind, row.place)?.entry
    if (before === undefined) insert.run(row)
    else if (before !== row.entry) replace.run(row)
    return before
  })
  return {
    /** Writes an entry; returns what stood in its place. */
    note: (row: NewSweepEntry): string | undefined => {
      const before = find.get(row.identity, row.kind, row.place)?.entry
      return before === row.entry ? before : note.immediate(row)
    },
    entries: (identity: string): readonly SweepEntryRow[] => entries.all(identity),
    /** Newest first. */
    sweeps: (sweep: string | null, limit: number): readonly SweepRow[] => sweeps.all({ sweep, limit }),
  }
}
