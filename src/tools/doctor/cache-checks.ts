/** The cache folder and the database in it. Nothing is made there that stays. */
import { accessSync, constants, readdirSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { counted } from "../../runtime/model/counted.ts"
import { StorageFailure } from "../../runtime/model/storage-failure.ts"
import { fileSystemAt, sharingCaution } from "../../runtime/storage/file-system.ts"
import { type Check, inBytes, ok, problem, warning, wordsOf } from "./check.ts"
import { nearestExisting } from "./machine-checks.ts"

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    // A file may go away while it is counted.
    .reduce(
      (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )

const anotherFolder = "Give another folder with --cache"

/** Why results cannot be kept in a folder; undefined where they can. */
const hindrance = (folder: string): string | undefined => {
  const place = nearestExisting(folder)
  const is = place === folder ? "it is" : `${place} is`
  if (!statSync(place).isDirectory()) return `${is} a file, not a folder`
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return `${is} not readable and writable for this user`
  }
}

export const checkCache = async (cache: string, fileSystemOf = fileSystemAt): Promise<Check> => {
  const path = resolve(cache)
  const hindered = hindrance(path)
  if (hindered !== undefined)
    return problem("cache", `${path}: results cannot be kept there, ${hindered}`, anotherFolder, { path })
  const caution = sharingCaution(fileSystemOf(nearestExisting(path)))
  const usable = (found: string, facts: Check["facts"]): Check =>
    caution === undefined
      ? ok("cache", found, facts)
      : warning("cache", `${found}; ${caution.why}`, caution.hint, facts)
  if (nearestExisting(path) !== path) return usable(`${path}, not made yet`, { path, isThere: false })
  const sizeBytes = sizeOf(path)
  const facts = { path, isThere: true, sizeBytes }
  try {
    const { examineDatabase } = await import("../../runtime/storage/store-health.ts")
    const held = examineDatabase(path)
    if (held === undefined) return usable(`${path}, no results yet`, { ...facts, results: 0, runs: 0 })
    const found = `${path}, ${counted(held.results, "result")} of ${counted(held.runs, "run")}, ${inBytes(sizeBytes)}`
    return usable(found, { ...facts, ...held })
  } catch (thrown) {
    const { why, hint } = inWords(thrown)
    return problem("cache", `${path}: ${why}`, hint, facts)
  }
}

const inWords = (thrown: unknown): { readonly why: string; readonly hint: string } =>
  thrown instanceof StorageFailure ? thrown : { why: wordsOf(thrown), hint: reinstall("better-sqlite3") }

/** A package whose binary does not load was most often installed for another machine or another Node. */
export const reinstall = (name: string): string =>
  `Install again on this machine: npm ci, or npm rebuild ${name} where install scripts were skipped`

/** What keeps a database whole depends on the file system, so it is tried where the cache lies. */
export const checkSqlite = async (cache: string, fileSystemOf = fileSystemAt): Promise<Check> => {
  const path = resolve(cache)
  const place = nearestExisting(path)
  const isUsable = hindrance(path) === undefined
  const isShared = isUsable && fileSystemOf(place).sharing !== "local"
  try {
    const { trySqlite } = await import("../../runtime/storage/store-health.ts")
    const { version, journalMode } = isUsable ? trySqlite(place, isShared) : trySqlite()
    const where = isUsable ? "" : `, tried in ${tmpdir()}`
    const facts = { version, journalMode }
    if (journalMode === "truncate") return ok("sqlite", `SQLite ${version}, its journal works`, facts)
    if (journalMode === "wal") return ok("sqlite", `SQLite ${version}, its write-ahead log works${where}`, facts)
    const found = `SQLite ${version}, but its write-ahead log does not work in ${place} (it says "${journalMode}")`
    return warning("sqlite", found, "Give a cache folder on a local disk with --cache", facts)
  } catch (thrown) {
    const { why, hint } = inWords(thrown)
    return problem("sqlite", why, hint)
  }
}
