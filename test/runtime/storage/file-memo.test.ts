import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import type { Blob } from "../../../src/runtime/model/blob.ts"
import type { StorageFailure } from "../../../src/runtime/model/storage-failure.ts"
import { FileMemo } from "../../../src/runtime/storage/file-memo.ts"
import { FileSystems, fileSystemOfType } from "../../../src/runtime/storage/file-system.ts"
import { Store } from "../../../src/runtime/storage/store.ts"
import { inStorage, temporaryFolder } from "./rig/temporary-storage.ts"

const digestOf = (content: string): string => crypto.hash("sha256", content)

/** A file that is old enough for its time stamps to be trusted, ways to ask for its digest, and an open storage to ask. */
const withSettledFile = <A, E>(
  work: (given: {
    readonly file: string
    readonly digest: Effect.Effect<Blob, StorageFailure>
    readonly memo: FileMemo["Service"]
    /** Puts a false digest into the memory, so that an answer from memory can be told from one that was read. */
    readonly plant: Effect.Effect<void>
  }) => Effect.Effect<A, E>,
) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const file = path.join(folder, "picture.png")
    fs.writeFileSync(file, "one")
    yield* Effect.sleep(150)
    const program = Effect.gen(function* () {
      const memo = yield* FileMemo
      const { tables } = yield* Store
      const plant = Effect.sync(() => {
        const row = tables.files.byPath(file)
        if (row !== undefined) tables.files.remember({ ...row, sha256: "f".repeat(64) })
      })
      return yield* work({ file, digest: memo.digest(file), memo, plant })
    })
    return yield* inStorage(path.join(folder, "cache"), program)
  })

describe("a file's digest", () => {
  it.live("is read once and then remembered", () =>
    withSettledFile(({ digest, plant }) =>
      Effect.gen(function* () {
        expect(yield* digest).toEqual({ sha256: digestOf("one"), sizeBytes: 3 })
        yield* plant
        expect((yield* digest).sha256).toBe("f".repeat(64))
      }),
    ),
  )

  it.live("is read again when the content changes, even at the same size and time", () =>
    withSettledFile(({ file, digest }) =>
      Effect.gen(function* () {
        const { mtime } = fs.statSync(file)
        yield* digest
        fs.writeFileSync(file, "two")
        fs.utimesSync(file, mtime, mtime)
        expect((yield* digest).sha256).toBe(digestOf("two"))
      }),
    ),
  )

  it.live("is the same after a touch", () =>
    withSettledFile(({ file, digest }) =>
      Effect.gen(function* () {
        const before = yield* digest
        fs.utimesSync(file, 1, 1)
        expect(yield* digest).toEqual(before)
      }),
    ),
  )

  it.live.each([
    ["in the future", new Date(Date.now() + 86_400_000)],
    ["of 1970", new Date(0)],
    ["of 1980", new Date("1980-01-01T00:00:00Z")],
  ] as const)("is read once when the file has a modification time %s", ([, time]) =>
    withSettledFile(({ file, digest, plant }) =>
      Effect.gen(function* () {
        fs.utimesSync(file, time, time)
        yield* digest
        yield* plant
        expect((yield* digest).sha256).toBe("f".repeat(64))
      }),
    ),
  )

  it.live("is refused with a sentence for what is no file", () =>
    withSettledFile(({ file, memo }) =>
      Effect.gen(function* () {
        expect((yield* Effect.flip(memo.digest(`${file}.missing`))).why).toBe("it does not exist")
        expect((yield* Effect.flip(memo.digest(path.dirname(file)))).why).toBe("it is not a file")
      }),
    ),
  )
})

describe("a file system", () => {
  const written = Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const [file, cache] = [path.join(folder, "base.bin"), path.join(folder, "cache")]
    fs.writeFileSync(file, "weights")
    return { file, cache }
  })
  /** The digest as it is remembered, made false first so that reading can be told from remembering. */
  const remembered = (cache: string, file: string, change: (stamp: string) => string = (stamp) => stamp) =>
    inStorage(
      cache,
      Effect.gen(function* () {
        const { tables } = yield* Store
        const row = tables.files.byPath(file)
        if (row !== undefined) tables.files.remember({ ...row, stamp: change(row.stamp), sha256: "f".repeat(64) })
        return (yield* (yield* FileMemo).digest(file)).sha256
      }),
    )
  const on = (type: number) => Effect.provide(Layer.succeed(FileSystems, () => fileSystemOfType(type)))
  const withInode = (inode: string) => (stamp: string) => stamp.replace(/ \S+$/, ` ${inode}`)
  const [ext4, nfs, exFat, fat] = [0xef53, 0x6969, 0x2011bab0, 0x4d44]

  it.live.each([
    ["NFS, whatever its server's clock says", nfs],
    ["exFAT", exFat],
  ] as const)("has its files read once: %s", ([, type]) =>
    Effect.gen(function* () {
      const { cache, file } = yield* written
      expect(yield* on(type)(remembered(cache, file))).toBe(digestOf("weights"))
      expect(yield* on(type)(remembered(cache, file))).toBe("f".repeat(64))
    }),
  )

  it.live("whose inodes mean nothing is not asked for them, nor FAT for a change time", () =>
    Effect.gen(function* () {
      const { cache, file } = yield* written
      yield* on(fat)(remembered(cache, file))
      fs.chmodSync(file, 0o600)
      expect(yield* on(fat)(remembered(cache, file))).toBe("f".repeat(64))
      yield* on(ext4)(remembered(cache, file))
      expect(yield* on(ext4)(remembered(cache, file, withInode("7")))).toBe(digestOf("weights"))
    }),
  )

  it.live("has a file read only when a further write would leave another stamp", () =>
    Effect.gen(function* () {
      const { cache, file } = yield* written
      const coarse = Layer.succeed(FileSystems, () => ({ ...fileSystemOfType(fat), tickMs: 400 }))
      const now = new Date()
      const write = (content: string) => {
        fs.writeFileSync(file, content)
        fs.utimesSync(file, now, now)
      }
      write("one")
      const digests = inStorage(
        cache,
        Effect.gen(function* () {
          const memo = yield* FileMemo
          const first = yield* Effect.forkChild(memo.digest(file))
          yield* Effect.sleep(100)
          write("two")
          return [yield* Fiber.join(first), yield* memo.digest(file)]
        }),
      )
      for (const { sha256 } of yield* Effect.provide(digests, coarse)) expect(sha256).toBe(digestOf("two"))
    }),
  )

  it.live("that gives other inodes by and by is found out at the first", () =>
    Effect.gen(function* () {
      const { cache, file } = yield* written
      const again = (inode: string, sha256: string) =>
        inStorage(
          cache,
          Effect.gen(function* () {
            const { tables } = yield* Store
            const row = tables.files.byPath(file)
            const isWild = row?.stamp.endsWith(" -") ?? false
            if (row !== undefined && !isWild) tables.files.remember({ ...row, stamp: withInode(inode)(row.stamp) })
            if (row !== undefined && isWild) tables.files.remember({ ...row, sha256 })
            return (yield* (yield* FileMemo).digest(file)).sha256
          }),
        )
      yield* again("1", "")
      expect(yield* again("2", "")).toBe(digestOf("weights"))
      expect(yield* again("3", "e".repeat(64))).toBe("e".repeat(64))
    }),
  )
})
