/**
 * Digests of the user's own files, remembered. A file is read again only when its path, size, modification or change time
 * (nanoseconds) or inode is new; so a base model of several gigabytes is read once, and a picture that was merely touched is read
 * again but gives the same digest. An inode that alone was new, with the same bytes behind it, is not looked at again.
 *
 * Two promises. A file is not read before a further write would leave another stamp than it has (file-stamp.ts), so what is remembered
 * holds, and reading it once is enough. And a digest leads back to the file (`find`), so that weights stay where they
 * lie: the file counts as holding the bytes only while its stamp is the remembered one.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import type { Blob, Sha256 } from "../model/blob.ts"
import { StorageFailure, storageFailure } from "../model/storage-failure.ts"
import {
  differsInInode,
  type FileStamp,
  isSameStamp,
  makeStampReader,
  type StampReader,
  withoutInode,
} from "./file-stamp.ts"
import { FileSystems } from "./file-system.ts"
import { Store } from "./store.ts"
import type { FileRow } from "./store-files.ts"

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
      const stamps = makeStampReader(yield* FileSystems)
      const stampOf = lookWith(stamps)

      const readAndRemember = Effect.fn("FileMemo.readAndRemember")(function* (file: string, known?: FileRow) {
        const read = yield* digestStable(stamps, file)
        const isUnsteady = known?.sha256 === read.sha256 && differsInInode(known.stamp, read.stamp)
        const row = isUnsteady ? { ...read, stamp: withoutInode(read.stamp) } : read
        yield* attempt("Remembering a file", () => tables.files.remember(row))
        return row
      })

      const digest = Effect.fn("FileMemo.digest")(function* (file: string) {
        const absolute = path.resolve(file)
        const now = yield* stampOf(absolute)
        const known = yield* attempt("Looking up a file", () => tables.files.byPath(absolute))
        const row = known !== undefined && isSame(known, now) ? known : yield* readAndRemember(absolute, known)
        return { sha256: row.sha256 as Sha256, sizeBytes: row.sizeBytes }
      })

      const find = Effect.fn("FileMemo.find")(function* (blob: Blob) {
        const candidates = yield* attempt("Looking up a file", () => tables.files.byDigest(blob.sha256))
        for (const known of candidates) {
          const now = yield* Effect.option(stampOf(known.path))
          if (Option.isNone(now) || now.value.sizeBytes !== blob.sizeBytes) continue
          if (isSame(known, now.value)) return Option.some(known.path)
          const again = yield* Effect.option(readAndRemember(known.path, known))
          if (Option.isSome(again) && again.value.sha256 === blob.sha256) return Option.some(known.path)
        }
        return Option.none()
      })

      return { digest, find }
    }),
  )
}

const isSame = (known: FileRow, now: FileStamp): boolean =>
  known.sizeBytes === now.sizeBytes && isSameStamp(known.stamp, now.stamp)

const lookWith =
  (stamps: StampReader) =>
  (file: string): Effect.Effect<FileStamp, StorageFailure> =>
    Effect.try({ try: () => stamps.at(file) ?? notAFile(file), catch: inWords(file) })

const notAFile = (file: string): never => {
  throw new StorageFailure({ what: "Reading a file", where: file, why: "it is not a file", hint: "Name a file." })
}

const inWords =
  (file: string) =>
  (cause: unknown): StorageFailure =>
    storageFailure("Reading a file", file, cause, "read")

/** Reads a file to its digest, and once more when it changed meanwhile. */
const digestStable = Effect.fnUntraced(function* (stamps: StampReader, file: string) {
  const stampOf = lookWith(stamps)
  for (let tries = 0; tries < 3; tries++) {
    const { racyForMs } = yield* stampOf(file)
    // A timer may go off a little early.
    if (racyForMs > 0) yield* Effect.sleep(Math.ceil(racyForMs) + 2)
    const read = yield* digestOnce(stamps, file)
    if (read !== undefined) return read
  }
  return yield* new StorageFailure({
    what: "Reading a file",
    where: file,
    why: "it keeps changing while it is read",
    hint: "Wait until whatever writes it has finished, then run again.",
  })
})

/** Through one handle, so that what is read is what was looked at; undefined when it changed meanwhile, or a moment before. */
const digestOnce = (stamps: StampReader, file: string): Effect.Effect<FileRow | undefined, StorageFailure> =>
  Effect.tryPromise({
    try: async (signal) => {
      const handle = await fs.promises.open(file)
      try {
        const before = stamps.of(handle.fd, file)
        if (before.racyForMs > 0) return undefined
        const sha256 = await digestStream(handle.createReadStream({ autoClose: false, ...pieceOptions, signal }))
        const { stamp, sizeBytes } = stamps.of(handle.fd, file)
        if (before.stamp !== stamp || before.sizeBytes !== sizeBytes) return undefined
        return { path: file, sizeBytes, stamp, sha256 } satisfies FileRow
      } finally {
        await handle.close()
      }
    },
    catch: inWords(file),
  })

/** A MiB at a time. */
const pieceOptions = { highWaterMark: 1 << 20 }

const digestStream = async (stream: fs.ReadStream): Promise<Sha256> => {
  const hash = crypto.createHash("sha256")
  for await (const piece of stream) hash.update(piece)
  return hash.digest("hex") as Sha256
}

/** The SHA-256 of a file's bytes, read in pieces. */
export const digestFile = (file: string): Effect.Effect<Sha256, StorageFailure> =>
  Effect.tryPromise({
    try: (signal) => digestStream(fs.createReadStream(file, { ...pieceOptions, signal })),
    catch: inWords(file),
  })
