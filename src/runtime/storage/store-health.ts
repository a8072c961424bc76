/** What can be said of SQLite here and of a cache's database, without making or migrating anything that stays. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import Database from "better-sqlite3"
import { storageFailure } from "../model/storage-failure.ts"
import { openForReading } from "./store-schema.ts"

export interface SqliteFacts {
  readonly version: string
  /** What a database in the folder gets when it asks for the journal it needs there: "wal" or "truncate" where that works. */
  readonly journalMode: string
}

/** Tries a database of its own in a folder that is there, and takes it away again. Throws `StorageFailure`. */
export const trySqlite = (folder: string = os.tmpdir(), isShared = false): SqliteFacts => {
  let trial: string | undefined
  try {
    trial = fs.mkdtempSync(path.join(folder, ".loom-doctor-"))
    const database = new Database(path.join(trial, "trial.sqlite"))
    try {
      const journalMode = database.pragma(`journal_mode = ${isShared ? "TRUNCATE" : "WAL"}`, { simple: true }) as string
      database.exec("CREATE TABLE trial (value INTEGER); INSERT INTO trial VALUES (1)")
      const version = database.prepare<[], string>("SELECT sqlite_version()").pluck().get()!
      return { version, journalMode }
    } finally {
      database.close()
    }
  } catch (cause) {
    throw storageFailure("Trying a database", folder, cause)
  } finally {
    if (trial !== undefined) fs.rmSync(trial, { recursive: true, force: true })
  }
}

export interface DatabaseFacts {
  readonly results: number
  readonly runs: number
}

/** What the database of a cache folder holds; undefined where there is none yet. Throws `StorageFailure`. */
export const examineDatabase = (folder: string): DatabaseFacts | undefined => {
  const file = path.join(folder, "loom.sqlite")
  if (!fs.existsSync(file)) return undefined
  const database = openForReading(file)
  try {
    const count = (table: string): number =>
      database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get()!
    return { results: count("result"), runs: count("run") }
  } catch (cause) {
    throw storageFailure("Reading the cache", file, cause, "read")
  } finally {
    database.close()
  }
}
