/**
 * The one error of the storage side, and the sentences behind the codes of Node and SQLite.
 *
 * A person reads what was being done, where, why it failed and what helps; never an errno alone and never a stack.
 */
import { Predicate, Schema } from "effect"

/** The cache folder, its database or a file could not be used. */
export class StorageFailure extends Schema.TaggedError<StorageFailure>()("StorageFailure", {
  /** What was being done. */
  what: Schema.String,
  /** The folder or file. */
  where: Schema.String,
  why: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.what} failed (${this.where}): ${this.why}`
  }
}

interface Explanation {
  readonly why: string
  readonly hint: string
}

const fullDisk: Explanation = { why: "the disk is full", hint: "Free some space and run again; finished work is kept." }
const readOnly: Explanation = {
  why: "it cannot be written to",
  hint: "Make the folder writable for this user, or choose another cache folder.",
}
const corrupt: Explanation = {
  why: "the database is damaged",
  hint: "Delete the cache folder: it holds only results that can be computed again.",
}
const busy: Explanation = {
  why: "another process held the database for too long",
  hint: "Wait until the other run has finished and try again. A cache folder must lie on a local disk.",
}

/** Codes of Node's file system and of SQLite (primary codes; extended ones such as SQLITE_IOERR_READ fall back to them). */
const explanations: Readonly<Record<string, Explanation>> = {
  ENOSPC: fullDisk,
  EDQUOT: { why: "the disk quota is used up", hint: fullDisk.hint },
  SQLITE_FULL: fullDisk,
  EACCES: readOnly,
  EPERM: readOnly,
  EROFS: readOnly,
  SQLITE_READONLY: readOnly,
  SQLITE_PERM: readOnly,
  SQLITE_CANTOPEN: readOnly,
  SQLITE_CORRUPT: corrupt,
  SQLITE_NOTADB: corrupt,
  SQLITE_BUSY: busy,
  SQLITE_LOCKED: busy,
  SQLITE_IOERR: { why: "the disk reported an error", hint: "Check the disk, then run again." },
  EIO: { why: "the disk reported an error", hint: "Check the disk, then run again." },
  ENOENT: { why: "it does not exist", hint: "Check the path." },
  ENOTDIR: { why: "a part of its path is a file, not a folder", hint: "Check the path." },
  EISDIR: { why: "it is a folder, not a file", hint: "Name a file." },
  EEXIST: { why: "a file of that name is in the way", hint: "Move it away, or choose another cache folder." },
  EMFILE: { why: "too many files are open", hint: "Raise the limit of open files (ulimit -n) and run again." },
}

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : ""

const explain = (cause: unknown): Explanation => {
  const code = codeOf(cause)
  const primary = code.split("_").slice(0, 2).join("_")
  const known = explanations[code] ?? explanations[primary]
  if (known !== undefined) return known
  const text = cause instanceof Error ? cause.message : String(cause)
  return { why: text, hint: "If this stays, delete the cache folder: everything in it can be computed again." }
}

/** Turns whatever Node or SQLite threw into a failure with a sentence. */
export const storageFailure = (what: string, where: string, cause: unknown): StorageFailure =>
  cause instanceof StorageFailure ? cause : new StorageFailure({ what, where, ...explain(cause) })
