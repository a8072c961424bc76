/**
 * SQL of what is known about bytes outside the results: digests of the user's files, and snapshots on trajectories.
 */
import type Database from "better-sqlite3"

export interface FileRow {
  readonly path: string
  readonly sizeBytes: number
  /** Everything else that tells one state of the file from another, as one text. */
  readonly stamp: string
  readonly sha256: string
}

export interface SnapshotRow {
  /** Position of the key in the list that was asked about. */
  readonly index: number
  readonly sha256: string
  readonly sizeBytes: number
}

export type FileTable = ReturnType<typeof fileTable>
export type TrajectoryTable = ReturnType<typeof trajectoryTable>

export const fileTable = (database: Database.Database) => {
  const columns = "path, size_bytes AS sizeBytes, stamp, sha256"
  const byPath = database.prepare<[string], FileRow>(`SELECT ${columns} FROM file_memo WHERE path = ?`)
  const byDigest = database.prepare<[string], FileRow>(`SELECT ${columns} FROM file_memo WHERE sha256 = ?`)
  const remember = database.prepare<[FileRow]>(
    `INSERT OR REPLACE INTO file_memo (path, size_bytes, stamp, sha256) VALUES (@path, @sizeBytes, @stamp, @sha256)`,
  )
  return {
    byPath: (path: string): FileRow | undefined => byPath.get(path),
    byDigest: (sha256: string): readonly FileRow[] => byDigest.all(sha256),
    remember: (row: FileRow): void => void remember.run(row),
  }
}

export const trajectoryTable = (database: Database.Database) => {
  // json_each's key is the index in the array; only the few steps that have a snapshot come back.
  const find = database.prepare<[string], SnapshotRow>(
    `SELECT wanted.key AS "index", t.sha256, t.size_bytes AS sizeBytes
     FROM json_each(?) AS wanted JOIN trajectory AS t ON t.key = wanted.value ORDER BY wanted.key DESC`,
  )
  const file = database.prepare<[string, string, number, number]>(
    "INSERT OR REPLACE INTO trajectory (key, sha256, size_bytes, created_at_ms) VALUES (?, ?, ?, ?)",
  )
  return {
    /** Furthest first. */
    find: (keys: readonly string[]): readonly SnapshotRow[] => find.all(JSON.stringify(keys)),
    file: (key: string, sha256: string, sizeBytes: number, nowMs: number): void =>
      void file.run(key, sha256, sizeBytes, nowMs),
  }
}
