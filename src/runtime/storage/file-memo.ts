/**
 * Digests of the user's own files, remembered. A file is read again only when its path, size, modification or change time
 * (nanoseconds) or inode is new; so a base model of several gigabytes is read once, and a picture that was merely touched is read
 * again but gives the same digest.
 *
 * Two promises. A digest is never taken from memory for a file that was read so soon after it was written that a further write could
 * carry the same time stamps ("racy" files, as git calls them). And a digest leads back to the file (`find`), so that weights stay where they
 * lie: the file counts as holding the bytes only while its stamp is the remembered one.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import type { Blob, Sha256 } from "../model/blob.ts"
import { StorageFailure, storageFailure } from "../model/storage-failure.ts"
import { Store } from "./store.ts"
import type { FileRow } from "./store-files.ts"

// The clock that stamps files ticks every 1–16 ms on local disks (15.6 ms on Windows is the coarsest); twice a whole second on FAT,
// which is not worth a second read of every new file.
const settledAfterMs = 100

// The stamp of a racy file: equal to no real one, so the path is known by its digest but the file is read again at each use.
const unsettled = ""

export class FileMemo extends Context.Service<
  FileMemo,
  {
    /** The digest of a file, which is read only when its path, size, times or inode are new. */
    readonly digest: (file: string) => Effect.Effect<Blob, StorageFailure>
    /** A file known to hold these bytes, its stamp checked (and its bytes, when the stamp is new). */
    readonly find: (blob: Blob) => Effect.Effect<Option.Option<string>, StorageFailure>
  }
>()("loom/runtime/FileMemo") {
  static readonly layer: Layer.Layer<FileMemo, never, Store> = Layer.effect(
    FileMemo,
    Effect.gen(function* () {
      const { attempt, tables } = yield* Store

      const readAndRemember = Effect.fn("FileMemo.readAndRemember")(function* (file: string) {
        const row = yield* digestStable(file)
        yield* attempt("Remembering a file", () => tables.files.remember(row))
        return row
      })

      const digest = Effect.fn("FileMemo.digest")(function* (file: string) {
        const absolute = path.resolve(file)
        const now = yield* stampOf(absolute)
        const known = yield* attempt("Looking up a file", () => tables.files.byPath(absolute))
        const row = known !== undefined && isSame(known, now) ? known : yield* readAndRemember(absolute)
        return { sha256: row.sha256 as Sha256, sizeBytes: row.sizeBytes }
      })

      const find = Effect.fn("FileMemo.find")(function* (blob: Blob) {
        const candidates = yield* attempt("Looking up a file", () => tables.files.byDigest(blob.sha256))
        for (const known of candidates) {
          const now = yield* Effect.option(stampOf(known.path))
          if (Option.isNone(now) || now.value.sizeBytes !== blob.sizeBytes) continue
          if (isSame(known, now.value)) return Option.some(known.path)
          const again = yield* Effect.option(readAndRemember(known.path))
          if (Option.isSome(again) && again.value.sha256 === blob.sha256) return Option.some(known.path)
        }
        return Option.none()
      })

      return { digest, find }
    }),
  )
}

interface Stamp {
  readonly sizeBytes: number
  readonly stamp: string
  readonly changedAtMs: number
}

const isSame = (known: FileRow, now: Stamp): boolean => known.stamp === now.stamp && known.sizeBytes === now.sizeBytes

const stampOf = (file: string): Effect.Effect<Stamp, StorageFailure> =>
  Effect.try({
    try: () => {
      const stat = fs.statSync(file, { bigint: true })
      if (!stat.isFile()) throw notAFile(file)
      return {
        sizeBytes: Number(stat.size),
        // Not the device number: it may change with each start of the machine.
        stamp: `${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino}`,
        changedAtMs: Math.max(Number(stat.mtimeMs), Number(stat.ctimeMs)),
      }
    },
    catch: (cause) => storageFailure("Reading a file", file, cause, "read"),
  })

const notAFile = (file: string): StorageFailure =>
  new StorageFailure({ what: "Reading a file", where: file, why: "it is not a file", hint: "Name a file." })

/** Reads a file to its digest, and once more when it changed meanwhile. */
const digestStable = Effect.fnUntraced(function* (file: string) {
  for (let tries = 0; tries < 3; tries++) {
    const before = yield* stampOf(file)
    const startedAtMs = Date.now()
    const sha256 = yield* digestFile(file)
    const after = yield* stampOf(file)
    if (before.stamp !== after.stamp || before.sizeBytes !== after.sizeBytes) continue
    const isSettled = startedAtMs - after.changedAtMs > settledAfterMs
    return {
      path: file,
      sizeBytes: after.sizeBytes,
      stamp: isSettled ? after.stamp : unsettled,
      sha256,
    } satisfies FileRow
  }
  return yield* new StorageFailure({
    what: "Reading a file",
    where: file,
    why: "it keeps changing while it is read",
    hint: "Wait until whatever writes it has finished, then run again.",
  })
})

/** The SHA-256 of a file's bytes, read in pieces. */
export const digestFile = (file: string): Effect.Effect<Sha256, StorageFailure> =>
  Effect.tryPromise({
    try: async (signal) => {
      const hash = crypto.createHash("sha256")
      for await (const piece of fs.createReadStream(file, { highWaterMark: 1 << 20, signal })) hash.update(piece)
      return hash.digest("hex") as Sha256
    },
    catch: (cause) => storageFailure("Reading a file", file, cause, "read"),
  })
