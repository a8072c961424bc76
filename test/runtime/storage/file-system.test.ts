import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import Database from "better-sqlite3"
import { Effect, Layer, Schema } from "effect"
import { pipeline } from "../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../src/runtime/define/stage.ts"
import type { RunEvent } from "../../../src/runtime/model/events.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { FileSystems, fileSystemOfType, sharingCaution } from "../../../src/runtime/storage/file-system.ts"
import { Store } from "../../../src/runtime/storage/store.ts"
import { checkCache, checkSqlite } from "../../../src/tools/doctor/cache-checks.ts"
import { makeProject, run } from "../project.ts"
import { inStorage, result, temporaryFolder } from "./rig/temporary-storage.ts"

const nfs = fileSystemOfType(0x6969)
const onNfs = Layer.succeed(FileSystems, () => nfs)
const fuse = fileSystemOfType(0x65735546)

const commit = Effect.flatMap(Cache, (cache) => cache.commit(result({ n: 1 }, 1)))
const lookup = Effect.flatMap(Cache, (cache) => cache.lookup(result({ n: 1 }, 1).key))

const one = stage({
  name: "one",
  code: import.meta.url,
  params: Schema.Struct({}),
  wires: {},
  output: Schema.Int,
  run: () => Effect.succeed(1),
})
const single = pipeline("one", () => one())

/** 2 for the write-ahead log (SQLite's file format, 1.3). */
const journalByte = (folder: string): number => fs.readFileSync(path.join(folder, "loom.sqlite"))[18] ?? 0

describe("a cache on a network file system", () => {
  it.live("keeps its results without a write-ahead log, also when it is opened locally later", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.provide(inStorage(folder, commit), onNfs)
      expect(journalByte(folder)).toBe(1)
      expect(yield* inStorage(folder, lookup)).toMatchObject({ value: { output: 1 } })
      expect(journalByte(folder)).toBe(1)
    }),
  )

  it.live("that was used locally before leaves its write-ahead log, with all that was in it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* inStorage(folder, commit)
      expect(journalByte(folder)).toBe(2)
      const both = Effect.all([inStorage(folder, lookup), inStorage(folder, lookup)], { concurrency: 2 })
      const [hit] = yield* Effect.provide(both, onNfs)
      expect(hit).toMatchObject({ value: { output: 1 } })
      expect(journalByte(folder)).toBe(1)
    }),
  )

  it.live("is refused while a process elsewhere has it open with a write-ahead log", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* inStorage(folder, commit)
      const local = new Database(path.join(folder, "loom.sqlite"))
      local.prepare("SELECT count(*) FROM result").get()
      const failure = yield* Effect.flip(Effect.provide(inStorage(folder, lookup), onNfs))
      local.close()
      expect(failure).toMatchObject({
        what: "Opening the cache",
        why: expect.stringContaining("another process uses it"),
      })
    }),
  )

  it.live("is told first when a pipeline runs", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const events: RunEvent[] = []
      yield* Effect.provide(run(project, single, { onEvent: (event) => events.push(event) }), onNfs)
      expect(events[0]).toMatchObject({ type: "warning", label: "cache", field: project.cacheFolder })
    }),
  )

  it.live("is told by the store and by loom doctor", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const caution = yield* Effect.provide(
        inStorage(
          folder,
          Effect.map(Store, (store) => store.caution),
        ),
        onNfs,
      )
      expect(caution).toEqual(sharingCaution(nfs))
      expect(yield* Effect.promise(() => checkCache(folder, () => fuse))).toMatchObject({
        status: "warning",
        hint: expect.stringContaining("one machine at a time"),
      })
      expect(yield* Effect.promise(() => checkSqlite(folder, () => nfs))).toMatchObject({
        status: "ok",
        facts: { journalMode: "truncate" },
      })
    }),
  )
})

describe("a file system", () => {
  it.each([
    ["NFS", 0x6969, "shared"],
    ["SMB as a signed number", 0xff534d42 | 0, "shared"],
    ["9p", 0x01021997, "unlocked"],
    ["ext4", 0xef53, "local"],
    ["FAT", 0x4d44, "local"],
  ] as const)("is known by its number: %s", (_, type, sharing) => {
    expect(fileSystemOfType(type).sharing).toBe(sharing)
    expect(sharingCaution(fileSystemOfType(type)) === undefined).toBe(sharing === "local")
  })
})
