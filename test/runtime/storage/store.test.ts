import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import Database from "better-sqlite3"
import { Effect } from "effect"
import type { StorageFailure } from "../../../src/runtime/model/storage-failure.ts"
import { storageFailure } from "../../../src/runtime/model/storage-failure.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { Processes, thisProcess } from "../../../src/runtime/storage/process-identity.ts"
import { type StageRecord, Store } from "../../../src/runtime/storage/store.ts"
import { openDatabase } from "../../../src/runtime/storage/store-schema.ts"
import { inStorage, result, temporaryFolder } from "./rig/temporary-storage.ts"

const stage = (label: string, state: StageRecord["state"]): StageRecord => ({
  label,
  stage: "count",
  state,
  reason: "first time",
  key: null,
  elapsedMs: 1,
  detail: { items: 3 },
})

const newRow = { pipeline: "demo", parameters: "{}", defaults: null, file: null, loom: null, startedAtMs: 0 }

/** As a Loom leaves a database that knows the layout up to `sweep_entry`. */
const withLayoutTwo = (file: string): void => {
  const database = new Database(file)
  for (const column of ["defaults", "file", "loom"]) database.exec(`ALTER TABLE run DROP COLUMN ${column}`)
  database.exec("DROP TABLE run_artifact; DROP INDEX run_stage_by_key; DROP TABLE flight_mark")
  database.pragma("user_version = 2")
  database.close()
}

/** Opens a folder whose database file was prepared, and gives the failure. */
const failureOfOpening = (prepare: (file: string) => void): Effect.Effect<StorageFailure, never, never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      prepare(path.join(folder, "loom.sqlite"))
      return yield* Effect.flip(
        inStorage(
          folder,
          Effect.flatMap(Cache, (cache) => cache.lookup(result({}, 0).key)),
        ),
      )
    }).pipe(Effect.orDie),
  )

describe("runs", () => {
  it.live("are kept with their stages and metrics, newest first", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* inStorage(
        folder,
        Effect.gen(function* () {
          const store = yield* Store
          const first = yield* store.beginRun({ pipeline: "demo", parameters: { dim: 4 } })
          yield* store.recordStages(first, [stage("crop", "ran"), stage("train", "ran")])
          yield* store.recordStage(first, stage("crop", "restored"))
          for (const step of [2, 1, 2]) yield* store.recordMetric(first, "train", "step", step, { loss: step / 10 })
          yield* store.finishRun(first, "finished")
          yield* store.beginRun({ pipeline: "other", parameters: null })
        }),
      )
      yield* inStorage(
        folder,
        Effect.gen(function* () {
          const store = yield* Store
          const [second, first] = yield* store.listRuns()
          expect(second).toMatchObject({ pipeline: "other", state: "running", finishedAtMs: null })
          expect(first).toMatchObject({ pipeline: "demo", state: "finished", parameters: { dim: 4 } })
          const run = first?.id ?? (0 as never)
          expect(yield* store.runStages(run)).toEqual([stage("crop", "restored"), stage("train", "ran")])
          expect(yield* store.metrics(run, "train", "step")).toEqual([
            { step: 1, values: { loss: 0.1 } },
            { step: 2, values: { loss: 0.2 } },
          ])
          expect(yield* store.metricSeries(run)).toEqual([{ label: "train", name: "step", rows: 2 }])
          expect((yield* store.listRuns({ pipeline: "demo" })).length).toBe(1)
          expect((yield* store.listRuns({ limit: 1 })).map((run) => run.pipeline)).toEqual(["other"])
        }),
      )
    }),
  )
})

describe("a run that an earlier Loom recorded", () => {
  it.live("is kept, and what was not recorded then is null", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const told = { defaults: { dim: 8 }, file: "/somewhere/demo.ts", loom: "1.2.3" }
      const begin = (more: object) =>
        Effect.flatMap(Store, (store) => store.beginRun({ pipeline: "demo", parameters: { dim: 4 }, ...more }))
      yield* inStorage(folder, begin(told))
      withLayoutTwo(path.join(folder, "loom.sqlite"))
      const runs = yield* inStorage(
        folder,
        Effect.andThen(
          begin(told),
          Effect.flatMap(Store, (store) => store.listRuns()),
        ),
      )
      const common = { pipeline: "demo", parameters: { dim: 4 } }
      expect(runs).toMatchObject([
        { id: 2, ...common, ...told },
        { id: 1, ...common, defaults: null, file: null, loom: null },
      ])
    }),
  )
})

describe("a run whose process is gone without an end", () => {
  it.live("is listed as interrupted", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const runs = yield* inStorage(
        folder,
        Effect.gen(function* () {
          const store = yield* Store
          // A number that nobody has; where the system tells when a process began, that is another time too.
          const gone = { ...thisProcess(), pid: 4_194_305, started: "0" }
          store.tables.runs.begin({ ...gone, ...newRow })
          return yield* store.listRuns()
        }),
      )
      expect(runs.map((run) => run.state)).toEqual(["interrupted"])
    }),
  )
})

describe("a run on a system that tells no more than which numbers are taken", () => {
  it.live.each([
    ["interrupted", "none has its number", null],
    ["running", "one has", ""],
  ] as const)("is listed as %s while %s", ([state, , start]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const own = { ...thisProcess(), boot: "", space: "", started: "" }
      const runs = yield* inStorage(
        folder,
        Effect.gen(function* () {
          const store = yield* Store
          store.tables.runs.begin({ ...own, pid: 8, ...newRow })
          return yield* store.listRuns()
        }),
      ).pipe(Effect.provideService(Processes, { own, startOf: () => start }))
      expect(runs.map((run) => run.state)).toEqual([state])
    }),
  )
})

it("commits reach the platters on macOS too, where an ordinary flush stops at the disk's own cache", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "loom-store-"))
  const database = openDatabase(path.join(folder, "loom.sqlite"), false)
  const flushes = ["fullfsync", "checkpoint_fullfsync"].map((name) => database.pragma(name, { simple: true }))
  database.close()
  fs.rmSync(folder, { recursive: true })
  expect(flushes).toEqual([1, 1])
})

describe("a cache that cannot be used", () => {
  it.live("because a newer Loom wrote it is refused", () =>
    Effect.gen(function* () {
      const failure = yield* failureOfOpening((file) => {
        const database = new Database(file)
        database.pragma(`application_id = ${0x4c6f6f6d}`)
        database.pragma("user_version = 99")
        database.close()
      })
      expect(failure.why).toContain("written by a newer Loom")
      expect(failure.hint).toContain("newer Loom")
    }),
  )

  it.live("because it is another program's database is refused and left alone", () =>
    Effect.gen(function* () {
      const failure = yield* failureOfOpening((file) => {
        const database = new Database(file)
        database.pragma("user_version = 1")
        database.close()
      })
      expect(failure.why).toBe("the file is a database of another program")
    }),
  )

  it.live("because it is damaged says that it may be deleted", () =>
    Effect.gen(function* () {
      const failure = yield* failureOfOpening((file) => fs.writeFileSync(file, "no database ".repeat(1000)))
      expect(failure.why).toBe("the database is damaged")
      expect(failure.hint).toContain("Delete the cache folder")
    }),
  )

  it.live("because pages in the middle are damaged says the same", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const fill = Effect.flatMap(Cache, (cache) =>
        Effect.forEach(Array.from({ length: 300 }), (_, n) => cache.commit(result({ n, text: "x".repeat(200) }, n))),
      )
      yield* inStorage(folder, fill)
      const file = path.join(folder, "loom.sqlite")
      const handle = fs.openSync(file, "r+")
      fs.writeSync(handle, Buffer.alloc(fs.statSync(file).size - 4096, 0xab), 0, undefined, 4096)
      fs.closeSync(handle)
      const failure = yield* Effect.flip(inStorage(folder, fill))
      expect(failure._tag === "StorageFailure" && failure.why).toBe("the database is damaged")
    }),
  )

  it.live("because its folder is a file says so", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      fs.writeFileSync(path.join(folder, "cache"), "")
      const failure = yield* Effect.flip(inStorage(path.join(folder, "cache"), Effect.void))
      expect(failure.why).toContain("a file")
    }),
  )

  it.each([
    ["ENOSPC", "the disk is full"],
    ["SQLITE_FULL", "the disk is full"],
    ["EROFS", "it cannot be written to: its file system is mounted read-only"],
    ["SQLITE_READONLY_DBMOVED", "it cannot be written to"],
    ["SQLITE_CORRUPT_INDEX", "the database is damaged"],
  ])("because of %s gets a sentence and a remedy", (code, why) => {
    const failure = storageFailure("Storing a result", "cache", Object.assign(new Error(code), { code }))
    expect(failure.why).toBe(why)
    expect(failure.hint).not.toBe("")
  })
})
