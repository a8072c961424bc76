import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it, vi } from "@effect/vitest"
import { Effect, Exit, Option, type Scope, Stream } from "effect"
import type { Blob } from "../../../src/runtime/model/blob.ts"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import type { CommitPoint } from "../../../src/runtime/storage/commit-points.ts"
import { FileMemo } from "../../../src/runtime/storage/file-memo.ts"
import { inStorage, result, seesDeaths, temporaryFolder, watchCommitPoints } from "./rig/temporary-storage.ts"

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content)

/** Works with the blobs of a fresh cache. */
const withBlobs = <A, E>(work: (blobs: Blobs["Service"], folder: string) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    return yield* inStorage(folder, Effect.scoped(Effect.flatMap(Blobs, (blobs) => work(blobs, folder))))
  })

const leftIn = (folder: string): readonly string[] => fs.readdirSync(path.join(folder, "blobs", "temporary"))

/** Writes into a published file, which is read-only. */
const spoil = (file: string, content: string): void => {
  fs.chmodSync(file, 0o644)
  fs.writeFileSync(file, content)
}

/** Stores "hello" as a result's output, spoils its file, and says what is then seen. */
const afterDamage = (damage: (file: string) => void) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const count = yield* inStorage(
      folder,
      Effect.gen(function* () {
        const blob = yield* (yield* Blobs).put(bytesOf("hello"))
        const count = result({ n: 1 }, { file: blob })
        yield* (yield* Cache).commit(count)
        damage(yield* (yield* Blobs).path(blob))
        return { ...count, blob }
      }),
    )
    return yield* inStorage(
      folder,
      Effect.gen(function* () {
        const hit = yield* (yield* Cache).lookup(count.key)
        const read = yield* Effect.exit((yield* Blobs).bytes(count.blob))
        return { hit: Option.isSome(hit), read: Exit.isSuccess(read), folder, ...count }
      }),
    )
  })

describe("a blob", () => {
  it.live("comes back as it was put, by bytes and by path", () =>
    withBlobs((blobs) =>
      Effect.gen(function* () {
        const blob = yield* blobs.put(bytesOf("hello"))
        expect(blob.sizeBytes).toBe(5)
        expect(text(yield* blobs.bytes(blob))).toBe("hello")
        expect(fs.readFileSync(yield* blobs.path(blob), "utf8")).toBe("hello")
        expect(yield* blobs.exists(blob)).toBe(true)
        expect(yield* blobs.verify(blob)).toBe(true)
      }),
    ),
  )

  it.live("may be empty, and may be put twice", () =>
    withBlobs((blobs) =>
      Effect.gen(function* () {
        const blob = yield* blobs.put(new Uint8Array())
        expect(yield* blobs.put(new Uint8Array())).toEqual(blob)
        expect((yield* blobs.bytes(blob)).length).toBe(0)
      }),
    ),
  )

  it.live("is the same from pieces as from its bytes at once", () =>
    withBlobs((blobs) =>
      Effect.gen(function* () {
        const blob = yield* blobs.putStream(Stream.make(bytesOf("hel"), bytesOf(""), bytesOf("lo")))
        expect(text(yield* blobs.bytes(blob))).toBe("hello")
        expect(yield* blobs.put(bytesOf("hello"))).toEqual(blob)
      }),
    ),
  )

  it.live("that breaks off between two pieces leaves nothing behind, and fails as they do", () =>
    withBlobs((blobs, folder) =>
      Effect.gen(function* () {
        const pieces = Stream.concat(Stream.make(bytesOf("hel")), Stream.fail("no more"))
        expect(yield* Effect.flip(blobs.putStream(pieces))).toBe("no more")
        expect(fs.readdirSync(path.join(folder, "blobs"))).toEqual(["temporary"])
        expect(leftIn(folder)).toEqual([])
      }),
    ),
  )

  it.live("is a finished file of a scratch folder, moved; the folder goes with its scope", () =>
    withBlobs((blobs, folder) =>
      Effect.gen(function* () {
        const make = Effect.gen(function* () {
          const scratch = yield* blobs.scratch
          const file = path.join(scratch, "made")
          fs.writeFileSync(file, "hello")
          fs.writeFileSync(path.join(scratch, "unfinished"), "hel")
          return { blob: yield* blobs.take(file), file }
        })
        const { blob, file } = yield* Effect.scoped(make)
        expect(fs.existsSync(file)).toBe(false)
        expect(text(yield* blobs.bytes(blob))).toBe("hello")
        expect(yield* blobs.put(bytesOf("hello"))).toEqual(blob)
        expect(leftIn(folder)).toEqual([])
      }),
    ),
  )

  // Elsewhere nobody can see that its process is gone, and it goes after a day.
  it.live.runIf(seesDeaths)("a scratch folder of a process that is gone goes when the cache is opened again", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const temporary = path.join(folder, "blobs", "temporary")
      const scratch = yield* inStorage(
        folder,
        Effect.scoped(
          Effect.map(
            Effect.flatMap(Blobs, (blobs) => blobs.scratch),
            (made) => path.basename(made),
          ),
        ),
      )
      // As its own, but of a process number that nobody has.
      const left = path.join(temporary, scratch.replace(`.${process.pid}.`, ".4194305."))
      fs.mkdirSync(left)
      fs.writeFileSync(path.join(left, "snapshot"), "half")
      yield* inStorage(folder, Effect.void)
      expect(fs.readdirSync(temporary)).toEqual([])
    }),
  )

  it.live("is written, flushed, renamed and only then published", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const seen: { point: CommitPoint; published: boolean }[] = []
      const shard = () => fs.readdirSync(path.join(folder, "blobs")).some((name) => name !== "temporary")
      const note = (point: CommitPoint) => void seen.push({ point, published: shard() })
      const put = Effect.flatMap(Blobs, (blobs) => blobs.put(bytesOf("hello")))
      yield* inStorage(folder, put).pipe(Effect.provide(watchCommitPoints(note)))
      expect(seen).toEqual([
        { point: "blob-written", published: false },
        { point: "blob-synced", published: false },
        { point: "blob-renamed", published: true },
        { point: "blob-published", published: true },
      ])
      expect(fs.readdirSync(path.join(folder, "blobs", "temporary"))).toEqual([])
    }),
  )

  it.live("that another machine is writing is left alone, however far this machine's clock is ahead", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const draft = path.join(folder, "blobs", "temporary", "0123456789abcdef.7.70.0")
      fs.mkdirSync(path.dirname(draft), { recursive: true })
      fs.writeFileSync(draft, "half")
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 86_400_000 })
      yield* Effect.ensuring(
        inStorage(folder, Effect.void),
        Effect.sync(() => vi.useRealTimers()),
      )
      expect(fs.readdirSync(path.dirname(draft))).toEqual([path.basename(draft)])
    }),
  )

  it.live("that is missing is a miss", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => fs.rmSync(file))
      expect(seen).toMatchObject({ hit: false, read: false })
    }),
  )

  it.live("that was truncated is a miss", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => spoil(file, "hell"))
      expect(seen).toMatchObject({ hit: false, read: false })
    }),
  )

  it.live("that was truncated behind its time stamp is a miss", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => {
        const { mtime } = fs.statSync(file)
        spoil(file, "hell")
        fs.utimesSync(file, mtime, mtime)
      })
      expect(seen).toMatchObject({ hit: false, read: false })
    }),
  )

  it.live("that was altered in place is a miss, though its size is the same", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => spoil(file, "HELLO"))
      expect(seen).toMatchObject({ hit: false, read: false })
    }),
  )

  it.live("that was altered behind its time stamp is found out when its bytes are read", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => {
        const { mtime } = fs.statSync(file)
        spoil(file, "HELLO")
        fs.utimesSync(file, mtime, mtime)
      })
      expect(seen).toMatchObject({ hit: true, read: false })
      const after = yield* inStorage(
        seen.folder,
        Effect.flatMap(Cache, (cache) => cache.lookup(seen.key)),
      )
      expect(Option.isNone(after)).toBe(true)
    }),
  )

  it.live("that was only touched or copied is whole", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => fs.utimesSync(file, 1, 1))
      expect(seen).toMatchObject({ hit: true, read: true })
    }),
  )

  it.live("that was lost is replaced by the next commit under its key", () =>
    Effect.gen(function* () {
      const seen = yield* afterDamage((file) => spoil(file, "HELLO"))
      yield* inStorage(
        seen.folder,
        Effect.gen(function* () {
          const cache = yield* Cache
          const blob = yield* (yield* Blobs).put(bytesOf("other"))
          const again = yield* cache.commit({ ...result({ n: 1 }, { file: blob }) })
          expect(again.adopted).toBe(false)
          expect(Option.isSome(yield* cache.lookup(seen.key))).toBe(true)
        }),
      )
    }),
  )
})

describe("a file of the user's own", () => {
  const known = (content: string) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = path.join(folder, "mine.txt")
      fs.writeFileSync(file, content)
      return { cache: path.join(folder, "cache"), file }
    })

  it.live("stands for its bytes where it lies, until it changes", () =>
    Effect.gen(function* () {
      const { cache, file } = yield* known("weights")
      yield* inStorage(
        cache,
        Effect.gen(function* () {
          const blobs = yield* Blobs
          const blob: Blob = yield* (yield* FileMemo).digest(file)
          expect(yield* blobs.path(blob)).toBe(file)
          expect(text(yield* blobs.bytes(blob))).toBe("weights")
          fs.writeFileSync(file, "WEIGHTS")
          expect(yield* blobs.exists(blob)).toBe(false)
          const error = yield* Effect.flip(blobs.path(blob))
          expect(error._tag).toBe("BlobMissing")
          fs.writeFileSync(file, "weights")
          expect(yield* (yield* FileMemo).digest(file)).toEqual(blob)
          expect(yield* blobs.path(blob)).toBe(file)
        }),
      )
    }),
  )

  it.live("is found under its new name once that was read", () =>
    Effect.gen(function* () {
      const { cache, file } = yield* known("weights")
      yield* inStorage(
        cache,
        Effect.gen(function* () {
          const memo = yield* FileMemo
          const blob = yield* memo.digest(file)
          fs.renameSync(file, `${file}.moved`)
          expect(Option.isNone(yield* memo.find(blob))).toBe(true)
          yield* memo.digest(`${file}.moved`)
          expect(yield* memo.find(blob)).toEqual(Option.some(`${file}.moved`))
        }),
      )
    }),
  )
})
