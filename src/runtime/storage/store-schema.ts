/**
 * The database's tables and how a database file is opened.
 *
 * One connection per process, write-ahead log, a busy timeout instead of errors, and `synchronous = NORMAL`: a killed process
 * loses nothing; what must also survive a power cut is committed with FULL (see `durably` in store.ts). The log needs memory that all
 * its users share, which machines do not: where others may use the same file, and for good once that was so, changes are journalled
 * beside the file instead, in the open under SQLite's file locks, and each commit is flushed. The file carries our application id and
 * a schema version; a newer version is refused, an older one is migrated in one transaction.
 */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { StorageFailure } from "../model/storage-failure.ts"
import { cacheFailure } from "./cache-failure.ts"

// "Loom" in ASCII: tells our database from any other SQLite file.
const applicationId = 0x4c6f6f6d

/** Entry i brings a database from version i to version i + 1. Entries are never edited after a release, only added. */
const migrations: readonly string[] = [
  `
  -- A result, under the key of everything it depends on. id orders commits in time.
  CREATE TABLE result (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    key           TEXT NOT NULL UNIQUE,
    pipeline      TEXT NOT NULL,
    label         TEXT NOT NULL,
    stage         TEXT NOT NULL,
    item          TEXT,
    pre_image     TEXT NOT NULL,
    output        TEXT NOT NULL,
    elapsed_ms    REAL NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX result_by_stage ON result (stage, id);

  -- The key that each place in a pipeline used last.
  CREATE TABLE latest (
    pipeline   TEXT NOT NULL,
    label      TEXT NOT NULL,
    item       TEXT NOT NULL,
    key        TEXT NOT NULL,
    used_at_ms INTEGER NOT NULL,
    PRIMARY KEY (pipeline, label, item)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE failure (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    label    TEXT NOT NULL,
    stage    TEXT NOT NULL,
    item     TEXT,
    error    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX failure_by_key ON failure (key);

  -- AUTOINCREMENT never gives an epoch twice, so a holder that was replaced can never pass for its successor.
  CREATE TABLE lease (
    epoch    INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT NOT NULL UNIQUE,
    beats    INTEGER NOT NULL DEFAULT 0,
    instance TEXT NOT NULL,
    host     TEXT NOT NULL,
    boot     TEXT NOT NULL,
    space    TEXT NOT NULL,
    pid      INTEGER NOT NULL,
    started  TEXT NOT NULL
  ) STRICT;

  -- Nanosecond times and inodes as text: they exceed the integers a JavaScript number holds.
  CREATE TABLE file_memo (
    path         TEXT PRIMARY KEY,
    size_bytes   INTEGER NOT NULL,
    stamp        TEXT NOT NULL,
    sha256       TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX file_memo_by_digest ON file_memo (sha256);

  CREATE TABLE trajectory (
    key           TEXT PRIMARY KEY,
    sha256        TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline       TEXT NOT NULL,
    parameters     TEXT NOT NULL,
    state          TEXT NOT NULL,
    started_at_ms  INTEGER NOT NULL,
    finished_at_ms INTEGER,
    host           TEXT NOT NULL,
    boot           TEXT NOT NULL,
    space          TEXT NOT NULL,
    pid            INTEGER NOT NULL,
    started        TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_by_pipeline ON run (pipeline, id);

  -- id keeps the order in which stages were first recorded.
  CREATE TABLE run_stage (
    id         INTEGER PRIMARY KEY,
    run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    stage      TEXT NOT NULL,
    state      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    key        TEXT,
    elapsed_ms REAL NOT NULL,
    detail     TEXT NOT NULL,
    UNIQUE (run, label)
  ) STRICT;

  -- A step may be recorded again after a resumed run: the later row stands.
  CREATE TABLE metric (
    run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    label  TEXT NOT NULL,
    name   TEXT NOT NULL,
    step   INTEGER NOT NULL,
    row    TEXT NOT NULL,
    PRIMARY KEY (run, label, name, step)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a sweep decided and found, in order. identity is the digest of all that its decisions depend on; place tells entries of a kind apart.
  CREATE TABLE sweep_entry (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    sweep    TEXT NOT NULL,
    identity TEXT NOT NULL,
    kind     TEXT NOT NULL,
    place    TEXT NOT NULL,
    entry    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    UNIQUE (identity, kind, place)
  ) STRICT;
  CREATE INDEX sweep_entry_by_name ON sweep_entry (sweep, id);
  `,
  `
  -- Null: not said, as by every Loom before this layout.
  ALTER TABLE run ADD COLUMN defaults TEXT;
  ALTER TABLE run ADD COLUMN file TEXT;
  ALTER TABLE run ADD COLUMN loom TEXT;
  CREATE INDEX run_stage_by_key ON run_stage (key, run);

  -- The finished files of a run, also those that lay there already.
  CREATE TABLE run_artifact (
    run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    label      TEXT NOT NULL,
    what       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (run, path)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Keys of steps that the holder of a lease is on the way to, and at which it will file snapshots.
  CREATE TABLE flight_mark (
    key   TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL REFERENCES lease (epoch) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX flight_mark_by_lease ON flight_mark (epoch);
  `,
]

const busyTimeoutMs = 10_000

/** Opens a database file, making or migrating it; `isShared` where other machines may use it too. Throws `StorageFailure`. */
export const openDatabase = (path: string, isShared: boolean): Database.Database => {
  let database: Database.Database | undefined
  try {
    // Made here, because SQLite makes files that nobody else may write, whatever the umask; its other files take over the mode of this one.
    if (!fs.existsSync(path)) fs.closeSync(fs.openSync(path, "a"))
    const journal = journalOf(path)
    database = new Database(path, { timeout: busyTimeoutMs })
    if (isShared || journal === "rollback") useRollbackJournal(database, path, journal)
    else useWriteAheadLog(database)
    database.pragma("foreign_keys = ON")
    // macOS alone: an ordinary flush leaves commits in the disk's own cache there. Node's fsync asks for the same by itself.
    database.pragma("fullfsync = ON")
    database.pragma("checkpoint_fullfsync = ON")
    migrate(database, path)
    return database
  } catch (cause) {
    database?.close()
    throw cacheFailure("Opening the cache", path, cause)
  }
}

/** Opens a database file to look at it; throws `StorageFailure`, also when it is not a cache's. */
export const openForReading = (path: string): Database.Database => {
  let database: Database.Database | undefined
  try {
    // A connection that SQLite calls read-only would leave files of the write-ahead log behind.
    database = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs })
    database.pragma("query_only = ON")
    versionOf(database, path)
    return database
  } catch (cause) {
    database?.close()
    throw cacheFailure("Opening the cache", path, cause)
  }
}

// Switching to the write-ahead log needs the file alone and does not wait for the busy timeout, so two first runs may collide.
const useWriteAheadLog = (database: Database.Database): void => {
  const giveUpAtMs = performance.now() + busyTimeoutMs
  for (;;) {
    try {
      database.pragma("journal_mode = WAL")
      database.pragma("synchronous = NORMAL")
      return
    } catch (cause) {
      if ((cause as { code?: string }).code !== "SQLITE_BUSY" || performance.now() > giveUpAtMs) throw cause
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

/** The journal a database file was last used with. Bytes 18 and 19 of its header are 2 for the write-ahead log (SQLite's file format, 1.3). */
const journalOf = (path: string): "none" | "wal" | "rollback" => {
  const header = Buffer.alloc(20)
  const file = fs.openSync(path, "r")
  try {
    if (fs.readSync(file, header, 0, 20, 0) < 20) return "none"
    return header[18] === 2 ? "wal" : "rollback"
  } finally {
    fs.closeSync(file)
  }
}

// A log that is there is folded in under a lock on the whole file, which SQLite needs no shared memory for.
const useRollbackJournal = (database: Database.Database, path: string, journal: "none" | "wal" | "rollback"): void => {
  if (journal === "wal") database.pragma("locking_mode = EXCLUSIVE")
  if (!truncates(database)) throw usedElsewhere(path)
  database.pragma("synchronous = FULL")
  if (journal !== "wal") return
  database.pragma("locking_mode = NORMAL")
  // The lock is let go at the next use.
  database.pragma("user_version")
}

// Whoever uses the log does so for as long as a run takes, so waiting longer than another one's change of journal is of no use.
const truncates = (database: Database.Database): boolean => {
  database.pragma("busy_timeout = 1000")
  try {
    return database.pragma("journal_mode = TRUNCATE", { simple: true }) === "truncate"
  } catch (cause) {
    if ((cause as { code?: string }).code === "SQLITE_BUSY") return false
    throw cause
  } finally {
    database.pragma(`busy_timeout = ${busyTimeoutMs}`)
  }
}

const usedElsewhere = (path: string): StorageFailure =>
  new StorageFailure({
    what: "Opening the cache",
    where: path,
    why: "another process uses it with a write-ahead log, which cannot be shared between machines",
    hint: "Wait until that run has finished, then run again; or choose another cache folder.",
  })

const migrate = (database: Database.Database, path: string): void => {
  if (versionOf(database, path) === migrations.length) return
  const bringUp = database.transaction(() => {
    // Read again under the write lock: another process may have just done it.
    for (const migration of migrations.slice(versionOf(database, path))) database.exec(migration)
    database.pragma(`application_id = ${applicationId}`)
    database.pragma(`user_version = ${migrations.length}`)
  })
  bringUp.immediate()
}

const versionOf = (database: Database.Database, path: string): number => {
  const version = database.pragma("user_version", { simple: true }) as number
  const application = database.pragma("application_id", { simple: true }) as number
  if (version !== 0 && application !== applicationId) throw notOurs(path)
  if (version > migrations.length) throw tooNew(path, version)
  return version
}

const notOurs = (path: string): StorageFailure =>
  new StorageFailure({
    what: "Opening the cache",
    where: path,
    why: "the file is a database of another program",
    hint: "Choose another cache folder, or move the file away.",
  })

const tooNew = (path: string, version: number): StorageFailure =>
  new StorageFailure({
    what: "Opening the cache",
    where: path,
    why: `it was written by a newer Loom (its layout has version ${version}, this Loom knows ${migrations.length})`,
    hint: "Use the newer Loom, or choose another cache folder.",
  })
