/**
 * The blob store: bytes as files named by their SHA-256, and the user's own files known by digest.
 *
 * Publishing: write to a temporary name, flush the file, rename, flush the folder. Only then may a row refer to the blob, so
 * a row never points at bytes that a crash could take away. A published file is read-only and carries one fixed
 * modification time: whoever writes to it moves that time, and looking at size and time is enough to see that a file
 * is as it was published. Where they differ the bytes are read and compared; a file that holds other bytes is put out of the way and
 * counts as missing, so its results are misses and are computed again.
 *
 * Callers own the byte arrays; what `bytes` returns is a fresh copy. `path` gives a file to read, never to write.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { Context, Effect, Layer, Option, Schema, type Scope, Stream } from "effect"
import { Blob, type Sha256 } from "../model/blob.ts"
import { type StorageFailure, storageFailure } from "../model/storage-failure.ts"
import { type BlobFolder, openBlobFolder } from "./blob-folder.ts"
import { cacheFailure } from "./cache-failure.ts"
import { CommitPoints } from "./commit-points.ts"
import { digestFile, FileMemo } from "./file-memo.ts"
import { digestBytes, inPieces, readWholeFile } from "./large-bytes.ts"
import { Processes } from "./process-identity.ts"
import { Store } from "./store.ts"

/** Bytes that a key or an output refers to are not there, or are no longer what they were. */
export class BlobMissing extends Schema.TaggedError<BlobMissing>()("BlobMissing", {
  blob: Blob,
  why: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `the bytes ${this.blob.sha256.slice(0, 12)}… (${this.blob.sizeBytes} bytes) are missing: ${this.why}`
  }
}

export class Blobs extends Context.Service<
  Blobs,
  {
    readonly put: (bytes: Uint8Array) => Effect.Effect<Blob, StorageFailure>
    /** The same of bytes that come in pieces, of which none is kept: as many gigabytes as the disk holds. */
    readonly putStream: <E, R>(pieces: Stream.Stream<Uint8Array, E, R>) => Effect.Effect<Blob, StorageFailure | E, R>
    /** A folder for files that are being made, in the cache folder; it goes with the scope, or when the cache is opened after a crash. */
    readonly scratch: Effect.Effect<string, StorageFailure, Scope.Scope>
    /** Moves a finished file of a scratch folder into the store. */
    readonly take: (file: string) => Effect.Effect<Blob, StorageFailure>
    /** The whole bytes, their digest checked. */
    readonly bytes: (blob: Blob) => Effect.Effect<Uint8Array, BlobMissing | StorageFailure>
    /** An absolute path to a file that holds exactly these bytes: the store's, or the user's own. Read only. */
    readonly path: (blob: Blob) => Effect.Effect<string, BlobMissing | StorageFailure>
    readonly exists: (blob: Blob) => Effect.Effect<boolean, StorageFailure>
    /** Which of these are there. */
    readonly present: (blobs: Iterable<Blob>) => Effect.Effect<ReadonlySet<Sha256>, StorageFailure>
    /** Reads the whole blob; false when it is missing or altered. An altered one is removed. */
    readonly verify: (blob: Blob) => Effect.Effect<boolean, StorageFailure>
  }
>()("loom/runtime/Blobs") {
  static readonly layer: Layer.Layer<Blobs, StorageFailure, Store | FileMemo> = Layer.effect(
    Blobs,
    Effect.gen(function* () {
      const { folder: root } = yield* Store
      const memo = yield* FileMemo
      const reach = yield* CommitPoints
      const processes = yield* Processes
      const folder = yield* Effect.try({
        try: () => openBlobFolder(root, reach, processes),
        catch: (cause) => cacheFailure("Opening the cache", root, cause),
      })
      const locate = locateIn(folder, memo)

      // Not interruptible, so that no temporary file stays behind; bounded by the time it takes to write the bytes.
      const publish = (work: () => Promise<Blob>): Effect.Effect<Blob, StorageFailure> =>
        Effect.uninterruptible(Effect.tryPromise({ try: work, catch: (cause) => cacheFailure(storing, root, cause) }))

      const adopt = ({ file, blob }: Written) =>
        publish(async () => {
          await folder.adopt(file, blob)
          return blob
        })

      const take = Effect.fn("Blobs.take")(function* (file: string) {
        const sha256 = yield* digestFile(file)
        const sizeBytes = yield* attempt(storing, file, () => fs.statSync(file).size)
        return yield* adopt({ file, blob: { sha256, sizeBytes } })
      })

      const pathOf = Effect.fn("Blobs.path")(function* (blob: Blob) {
        const file = yield* locate(blob)
        return Option.isSome(file) ? file.value : yield* missing(blob)
      })

      const verify = Effect.fn("Blobs.verify")(function* (blob: Blob) {
        const file = yield* locate(blob)
        if (Option.isNone(file)) return false
        if ((yield* digestFile(file.value)) === blob.sha256) return true
        yield* discard(folder, blob)
        return false
      })

      const bytes = Effect.fn("Blobs.bytes")(function* (blob: Blob) {
        const file = yield* pathOf(blob)
        const content = yield* readWhole(file)
        if (digestBytes(content) === blob.sha256) return content
        yield* discard(folder, blob)
        return yield* missing(blob)
      })

      const present = Effect.fn("Blobs.present")(function* (blobs: Iterable<Blob>) {
        const found = new Set<Sha256>()
        for (const blob of blobs) {
          if (found.has(blob.sha256)) continue
          if (folder.look(blob) === "whole" || Option.isSome(yield* locate(blob))) found.add(blob.sha256)
        }
        return found
      })

      return {
        put: (content) => publish(() => folder.publish(content)),
        putStream: (pieces) => Effect.scoped(Effect.flatMap(writeDraft(folder.draft(), pieces), adopt)),
        scratch: scratchFolder(folder),
        take,
        bytes,
        path: pathOf,
        exists: (blob) => Effect.map(locate(blob), Option.isSome),
        present,
        verify,
      }
    }),
  )
}

const storing = "Storing a result"

const attempt = <A>(what: string, where: string, work: () => A | Promise<A>): Effect.Effect<A, StorageFailure> =>
  Effect.tryPromise({ try: async () => work(), catch: (cause) => storageFailure(what, where, cause) })

interface Written {
  readonly file: string
  readonly blob: Blob
}

/** Writes pieces one after the other to a file that goes with the scope, unless it was moved away. */
const writeDraft = Effect.fnUntraced(function* <E, R>(file: string, pieces: Stream.Stream<Uint8Array, E, R>) {
  const onFile = <A>(work: () => Promise<A>) => attempt(storing, file, work)
  yield* Effect.addFinalizer(() => Effect.ignore(onFile(() => fs.promises.rm(file, { force: true }))))
  const write = Effect.gen(function* () {
    const handle = yield* Effect.acquireRelease(
      onFile(() => fs.promises.open(file, "wx")),
      (opened) => Effect.ignore(onFile(() => opened.close())),
    )
    const hash = crypto.createHash("sha256")
    let sizeBytes = 0
    yield* Stream.runForEach(pieces, (content) =>
      onFile(async () => {
        for (const piece of inPieces(content)) {
          hash.update(piece)
          await handle.writeFile(piece)
        }
        sizeBytes += content.length
      }),
    )
    return { sha256: hash.digest("hex") as Sha256, sizeBytes }
  })
  return { file, blob: yield* Effect.scoped(write) } satisfies Written
})

const scratchFolder = (folder: BlobFolder) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const made = folder.draft()
      return attempt("Making a temporary folder", made, () => {
        fs.mkdirSync(made)
        return made
      })
    }),
    (made) =>
      Effect.ignore(
        attempt("Removing a temporary folder", made, () => fs.promises.rm(made, { recursive: true, force: true })),
      ),
  )

/** Finds a file that holds a blob's bytes: in the store, else among the user's files. */
const locateIn = (folder: BlobFolder, memo: FileMemo["Service"]) =>
  Effect.fnUntraced(function* (blob: Blob): Effect.fn.Return<Option.Option<string>, StorageFailure> {
    const file = folder.fileOf(blob.sha256)
    const look = folder.look(blob)
    if (look === "whole") return Option.some(file)
    if (look === "doubtful") {
      if ((yield* digestFile(file)) === blob.sha256) {
        // A read-only cache cannot be marked; then the file is simply read again next time.
        yield* Effect.ignore(Effect.try(() => folder.affirm(blob.sha256)))
        return Option.some(file)
      }
      yield* discard(folder, blob)
    }
    return yield* memo.find(blob)
  })

const discard = (folder: BlobFolder, blob: Blob): Effect.Effect<void> =>
  Effect.ignore(Effect.try(() => folder.discard(blob.sha256)))

const readWhole = (file: string): Effect.Effect<Uint8Array, StorageFailure> =>
  Effect.tryPromise({
    try: (signal) => readWholeFile(file, signal),
    catch: (cause) => storageFailure("Reading stored bytes", file, cause, "read"),
  })

const missing = (blob: Blob): BlobMissing =>
  new BlobMissing({
    blob,
    why: "no file of the cache, and no file seen earlier, still holds them",
    hint: "Run again: whatever made them is computed again. If they were a file of yours, put it back.",
  })
