/**
 * The one error of the storage side, and the sentences behind the codes of Node and SQLite.
 *
 * A person reads what was being done, where, why it failed and what helps; never an errno alone and never a stack. What may not be
 * done is named by the act itself: who cannot read a picture is not told that it cannot be written to.
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
const mayNotWrite: Explanation = {
  why: "it cannot be written to",
  hint: "Make the folder writable for this user, or choose another one.",
}
const mayNotRead: Explanation = {
  why: "it cannot be read: this user has no right to",
  hint: "Give this user the right to read it and to enter the folders above it.",
}
const readOnlyDisk: Explanation = {
  why: "it cannot be written to: its file system is mounted read-only",
  hint: "Choose another folder, or mount the file system writable.",
}
const because = (why: string): Explanation => ({ why: `${why}: this user has no right to`, hint: mayNotWrite.hint })

/** What is refused, by the call that Node names; where that says nothing, by what was meant. */
const refusals: Readonly<Record<string, Explanation>> = {
  read: mayNotRead,
  stat: mayNotRead,
  lstat: mayNotRead,
  realpath: mayNotRead,
  readlink: mayNotRead,
  scandir: { why: "its files cannot be listed: this user has no right to", hint: mayNotRead.hint },
  opendir: { why: "its files cannot be listed: this user has no right to", hint: mayNotRead.hint },
  mkdir: because("a folder cannot be made there"),
  rename: because("a file cannot be renamed there"),
  unlink: because("a file cannot be removed there"),
  rmdir: because("a folder cannot be removed there"),
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
  EROFS: readOnlyDisk,
  SQLITE_READONLY: mayNotWrite,
  SQLITE_PERM: mayNotWrite,
  SQLITE_CANTOPEN: mayNotWrite,
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

const textOf = (cause: unknown, member: "code" | "syscall"): string => {
  const text: unknown = Predicate.isObject(cause) ? Reflect.get(cause, member) : undefined
  return Predicate.isString(text) ? text : ""
}

/** What was meant to be done, where the call alone does not tell. */
export type Act = "read" | "write"

const explain = (cause: unknown, act: Act): Explanation => {
  const code = textOf(cause, "code")
  if (code === "EACCES" || code === "EPERM")
    return refusals[textOf(cause, "syscall")] ?? (act === "read" ? mayNotRead : mayNotWrite)
  const primary = code.split("_").slice(0, 2).join("_")
  const known = explanations[code] ?? explanations[primary]
  if (known !== undefined) return known
  const text = cause instanceof Error ? cause.message : String(cause)
  return { why: text, hint: "If this stays, delete the cache folder: everything in it can be computed again." }
}

/** Whether something was refused for want of a right, or because it lies on a read-only file system. */
export const isRefusal = (cause: unknown): boolean =>
  /^(EACCES|EPERM|EROFS|SQLITE_(READONLY|PERM|CANTOPEN).*)$/.test(textOf(cause, "code"))

/** Turns whatever Node or SQLite threw into a failure with a sentence. */
export const storageFailure = (what: string, where: string, cause: unknown, act: Act = "write"): StorageFailure =>
  cause instanceof StorageFailure ? cause : new StorageFailure({ what, where, ...explain(cause, act) })
