/** What this user may not do, and what others may with the files that Loom makes. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { storageFailure } from "../../../src/runtime/model/storage-failure.ts"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { FileMemo } from "../../../src/runtime/storage/file-memo.ts"
import { makeProject, run } from "../project.ts"
import { fileWriter } from "../rig/file-writer.ts"
import { inStorage, result, temporaryFolder } from "./rig/temporary-storage.ts"

const nobody = 65_534

/** Root may do everything, so it becomes somebody else for a while. */
const asNobody = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.geteuid?.() !== 0
    ? work
    : Effect.acquireUseRelease(
        Effect.sync(() => {
          if ((fs.statSync(os.tmpdir()).mode & 0o001) === 0) fs.chmodSync(os.tmpdir(), 0o711)
          process.seteuid?.(nobody)
        }),
        () => work,
        () => Effect.sync(() => process.seteuid?.(0)),
      )

const withUmask = <A, E, R>(mask: number, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => process.umask(mask)),
    () => work,
    (before) => Effect.sync(() => process.umask(before)),
  )

// What a first use loads may lie in a checkout that only its owner may enter.
beforeAll(() => Effect.runPromise(Effect.scoped(Effect.flatMap(temporaryFolder, (folder) => inStorage(folder, put)))))

const put = Effect.gen(function* () {
  const file = yield* (yield* Blobs).put(new TextEncoder().encode("hello"))
  yield* (yield* Cache).commit(result({ n: 1 }, { file }))
})

const modesIn = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    fs.readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const place = path.join(entry.parentPath, entry.name)
      const kind = entry.isDirectory() ? "folder" : entry.name.startsWith("loom.sqlite") ? "database" : "blob"
      return [kind, (fs.statSync(place).mode & 0o777).toString(8)]
    }),
  )

// Windows has neither a umask nor modes that keep a user out.
const hasModes = process.platform !== "win32"

describe.runIf(hasModes)("what Loom makes", () => {
  it.live.each([
    [0o002, { folder: "775", database: "664", blob: "444" }],
    [0o027, { folder: "750", database: "640", blob: "440" }],
    [0o077, { folder: "700", database: "600", blob: "400" }],
  ] as const)("is for those whom the umask lets: %o", ([mask, modes]) =>
    Effect.gen(function* () {
      const cache = path.join(yield* temporaryFolder, "cache")
      const seen = yield* withUmask(
        mask,
        inStorage(
          cache,
          Effect.andThen(
            put,
            Effect.sync(() => modesIn(cache)),
          ),
        ),
      )
      expect(Object.fromEntries(seen)).toEqual(modes)
    }),
  )

  it.live("in the output folder is too", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* withUmask(0o007, run(project, fileWriter))
      const modes = ["hello.txt", ".written.jsonl"].map(
        (name) => fs.statSync(path.join(project.outputFolder, name)).mode,
      )
      expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(["660", "660"])
    }),
  )
})

describe("what this user may not do", () => {
  it.live.runIf(hasModes)("is to read a file", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      fs.chmodSync(folder, 0o777)
      const file = path.join(folder, "picture.png")
      fs.writeFileSync(file, "hello")
      fs.chmodSync(file, 0)
      const ask = Effect.all([
        Effect.flip(Effect.flatMap(FileMemo, (memo) => memo.digest(file))),
        Effect.flip(Effect.flatMap(Blobs, (blobs) => blobs.take(file))),
      ])
      for (const failure of yield* asNobody(inStorage(path.join(folder, "cache"), ask)))
        expect(failure).toMatchObject({ where: file, why: expect.stringContaining("it cannot be read") })
    }),
  )

  it.live.skipIf(process.geteuid?.() !== 0)("is to write to a cache, whose owner is named", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      fs.chmodSync(folder, 0o755)
      const cache = path.join(folder, "cache")
      yield* withUmask(0o022, inStorage(cache, put))
      const failure = yield* Effect.flip(asNobody(inStorage(cache, put)))
      expect(failure).toMatchObject({ _tag: "StorageFailure", why: "it cannot be written to; it belongs to root" })
    }),
  )

  it.each([
    ["scandir", "EACCES", "listed"],
    ["mkdir", "EACCES", "made"],
    ["rename", "EPERM", "renamed"],
    ["unlink", "EPERM", "removed"],
    ["open", "EACCES", "written to"],
    ["mkdir", "EROFS", "mounted read-only"],
  ])("is named by the act: %s, %s", (syscall, code, act) => {
    const cause = Object.assign(new Error(code), { code, syscall })
    expect(storageFailure("Storing a result", "cache", cause).why).toContain(act)
  })
})
