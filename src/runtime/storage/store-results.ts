/**
 * SQL of results: what was computed under which key, what each place in a pipeline used last, and what failed.
 */
import type Database from "better-sqlite3"
import type { Key } from "../model/fingerprint.ts"

export interface ResultRow {
  readonly id: number
  readonly key: Key
  readonly pipeline: string
  readonly label: string
  readonly stage: string
  readonly item: string | null
  readonly preImage: string
  readonly output: string
  readonly elapsedMs: number
  readonly createdAtMs: number
}

export type NewResultRow = Omit<ResultRow, "id">

export interface LatestRow {
  readonly item: string
  readonly key: Key
  readonly label: string
  readonly preImage: string
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  | { readonly kind: "adopted"; readonly row: ResultRow }
  | { readonly kind: "lease-lost" }

export interface CommitRequest {
  readonly row: NewResultRow
  /** The lease's epoch, or null when the commit is not fenced. */
  readonly epoch: number | null
  /** The id of a row under the same key that was found to have lost its blobs, and so may be replaced. */
  readonly replaces: number | null
}

export type ResultTable = ReturnType<typeof resultTable>

const columns = `r.id, r.key, r.pipeline, r.label, r.stage, r.item, r.pre_image AS preImage, r.output,
  r.elapsed_ms AS elapsedMs, r.created_at_ms AS createdAtMs`

// How often a use that is already noted is noted again; it only serves to tell old results from used ones.
const noteAgainAfterMs = 86_400_000

/** In `latest`, the whole stage is "" and an item is "=" and its key, so that no item's key can pass for the whole. */
const itemColumn = (item: string | undefined): string => (item === undefined ? "" : `=${item}`)

export const resultTable = (database: Database.Database, reachRowWritten: () => void) => {
  const findMany = database.prepare<[string], ResultRow>(
    `SELECT ${columns} FROM json_each(?) AS wanted JOIN result AS r ON r.key = wanted.value`,
  )
  const findOne = database.prepare<[string], ResultRow>(`SELECT ${columns} FROM result AS r WHERE r.key = ?`)
  const holdsLease = database.prepare<[number, string], 1>("SELECT 1 FROM lease WHERE epoch = ? AND key = ?")
  // REPLACE gives the row a new id, so whoever saw the old one knows that it is gone.
  const insert = database.prepare<[NewResultRow]>(
    `INSERT OR REPLACE INTO result (key, pipeline, label, stage, item, pre_image, output, elapsed_ms, created_at_ms)
     VALUES (@key, @pipeline, @label, @stage, @item, @preImage, @output, @elapsedMs, @createdAtMs)`,
  )
  const recent = database.prepare<[string, number], ResultRow>(
    `SELECT ${columns} FROM result AS r WHERE r.stage = ? ORDER BY r.id DESC LIMIT ?`,
  )
  const insertFailure = database.prepare<[object]>(
    `INSERT INTO failure (key, pipeline, label, stage, item, error, at_ms)
     VALUES (@key, @pipeline, @label, @stage, @item, @error, @atMs)`,
  )
  const commit = database.transaction(({ row, epoch, replaces }: CommitRequest): CommitOutcome => {
    const standing = findOne.get(row.key)
    if (standing !== undefined && standing.id !== replaces) return { kind: "adopted", row: standing }
    if (epoch !== null && holdsLease.get(epoch, row.key) === undefined) return { kind: "lease-lost" }
    insert.run(row)
    reachRowWritten()
    return { kind: "committed" }
  })
  return {
    find: (keys: readonly string[]): readonly ResultRow[] => findMany.all(JSON.stringify(keys)),
    recent: (stage: string, limit: number): readonly ResultRow[] => recent.all(stage, limit),
    commit: (request: CommitRequest): CommitOutcome => commit.immediate(request),
    recordFailure: (failure: {
      readonly key: string
      readonly pipeline: string
      readonly label: string
      readonly stage: string
      readonly item: string | null
      readonly error: string
      readonly atMs: number
    }): void => void insertFailure.run(failure),
    ...latestQueries(database),
  }
}

const latestQueries = (database: Database.Database) => {
  const from = `SELECT substr(l.item, 2) AS item, l.key, l.label, r.pre_image AS preImage
    FROM latest AS l JOIN result AS r ON r.key = l.key WHERE l.pipeline = ? AND l.label = ?`
  const one = database.prepare<[string, string, string], LatestRow>(`${from} AND l.item = ?`)
  const allItems = database.prepare<[string, string], LatestRow>(`${from} AND l.item <> ''`)
  const noted = database.prepare<[string, string, string], { key: string; usedAtMs: number }>(
    "SELECT key, used_at_ms AS usedAtMs FROM latest WHERE pipeline = ? AND label = ? AND item = ?",
  )
  const notedItems = database.prepare<[string, string], { item: string; key: string; usedAtMs: number }>(
    "SELECT item, key, used_at_ms AS usedAtMs FROM latest WHERE pipeline = ? AND label = ? AND item <> ''",
  )
  const note = database.prepare<[string, string, string, string, number]>(
    "INSERT OR REPLACE INTO latest (pipeline, label, item, key, used_at_ms) VALUES (?, ?, ?, ?, ?)",
  )
  const forget = database.prepare<[string, string, string]>(
    "DELETE FROM latest WHERE pipeline = ? AND label = ? AND item = ?",
  )
  const isFresh = (row: { key: string; usedAtMs: number } | undefined, key: string, nowMs: number): boolean =>
    row !== undefined && row.key === key && nowMs - row.usedAtMs < noteAgainAfterMs

  const noteItems = (pipeline: string, label: string, keys: ReadonlyMap<string, string>, nowMs: number): void => {
    const before = new Map(notedItems.all(pipeline, label).map((row) => [row.item, row]))
    const wanted = new Map([...keys].map(([item, key]) => [itemColumn(item), key]))
    const changed = [...wanted].filter(([item, key]) => !isFresh(before.get(item), key, nowMs))
    const gone = [...before.keys()].filter((item) => !wanted.has(item))
    // A run that restores everything writes nothing.
    if (changed.length === 0 && gone.length === 0) return
    const write = database.transaction(() => {
      for (const [item, key] of changed) note.run(pipeline, label, item, key, nowMs)
      for (const item of gone) forget.run(pipeline, label, item)
    })
    write.immediate()
  }

  return {
    latest: (pipeline: string, label: string, item: string | undefined): LatestRow | undefined =>
      one.get(pipeline, label, itemColumn(item)),
    latestItems: (pipeline: string, label: string): readonly LatestRow[] => allItems.all(pipeline, label),
    noteUse: (pipeline: string, label: string, item: string | undefined, key: string, nowMs: number): void => {
      const column = itemColumn(item)
      if (isFresh(noted.get(pipeline, label, column), key, nowMs)) return
      note.run(pipeline, label, column, key, nowMs)
    },
    noteItems,
  }
}
