import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Blob } from "../../../src/runtime/model/blob.ts"
import type { StorageFailure } from "../../../src/runtime/model/storage-failure.ts"
import { FileMemo } from "../../../src/runtime/storage/file-memo.ts"
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

  it.live("is not taken from memory when the file had been written a moment before", () =>
    withSettledFile(({ file, digest, memo, plant }) =>
      Effect.gen(function* () {
        fs.writeFileSync(file, "new")
        const blob = yield* digest
        expect(yield* memo.find(blob)).toEqual(Option.some(file))
        yield* plant
        expect((yield* digest).sha256).toBe(digestOf("new"))
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
