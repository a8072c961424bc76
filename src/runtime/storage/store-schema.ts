/**
 * The database's tables and how a database file is opened.
 *
 * One connection per process, write-ahead log, a busy timeout instead of errors, and `synchronous = NORMAL`: a killed process
 * loses nothing; what must also survive a power cut is committed with FULL (see `durably` in store.ts). The file carries our
 * application id and a schema version; a newer version is refused, an older one is migrated in one transaction.
 */
import Database from "better-sqlite3"
import { StorageFailure, storageFailure } from "../model/storage-failure.ts"

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
]

const busyTimeoutMs = 10_000

/** Opens a database file, making or migrating it; throws `StorageFailure`. */
export const openDatabase = (path: string): Database.Database => {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout: busyTimeoutMs })
    useWriteAheadLog(database)
    database.pragma("synchronous = NORMAL")
    database.pragma("foreign_keys = ON")
    migrate(database, path)
    return database
  } catch (cause) {
    database?.close()
    throw storageFailure("Opening the cache", path, cause)
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
    throw storageFailure("Opening the cache", path, cause)
  }
}

// Switching to the write-ahead log needs the file alone and does not wait for the busy timeout, so two first runs may collide.
const useWriteAheadLog = (database: Database.Database): void => {
  const giveUpAtMs = performance.now() + busyTimeoutMs
  for (;;) {
    try {
      database.pragma("journal_mode = WAL")
      return
    } catch (cause) {
      if ((cause as { code?: string }).code !== "SQLITE_BUSY" || performance.now() > giveUpAtMs) throw cause
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

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
