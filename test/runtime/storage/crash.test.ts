import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { Leases } from "../../../src/runtime/storage/lease.ts"
import { computingChild } from "./rig/child-process.ts"
import { inStorage, result, seesDeaths, temporaryFolder } from "./rig/temporary-storage.ts"

const { key } = result({ n: 1 }, null)

/** A process is killed at a commit point while it computes; gives the folder it leaves. */
const killedAt = (point: string) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const child = yield* computingChild(folder, "--kill-at", point)
    yield* child.hear("ready")
    yield* child.tell("go")
    yield* child.tell("made by the child")
    // Windows has no signals: a killed process ends with 1.
    expect(yield* child.end).toBe(process.platform === "win32" ? 1 : "SIGKILL")
    return folder
  })

/** Looks at what is there, then computes the key as the next run would. */
const nextRun = Effect.gen(function* () {
  const cache = yield* Cache
  const blobs = yield* Blobs
  const found = Option.map(yield* cache.lookup(key), ({ output }) => output)
  let computed = 0
  const startedAtMs = performance.now()
  const output = yield* (yield* Leases).withLease(key, {
    adopt: Effect.map(
      cache.lookup(key),
      Option.map((hit) => hit.output),
    ),
    compute: (lease) =>
      Effect.gen(function* () {
        computed++
        const file = yield* blobs.put(new TextEncoder().encode("made again"))
        return (yield* cache.commit({ ...result({ n: 1 }, { text: "made again", file }), lease })).output
      }),
  })
  const hit = yield* cache.lookup(key)
  return { found, computed, output, hit: Option.isSome(hit), waitedMs: performance.now() - startedAtMs }
})

const leftovers = (folder: string): readonly string[] => fs.readdirSync(path.join(folder, "blobs", "temporary"))

describe("a process killed while it commits", () => {
  const before = ["lease-won", "blob-written", "blob-synced", "blob-renamed", "blob-published", "row-written"]

  // Elsewhere its silence is waited for.
  it.live.runIf(seesDeaths)(
    "leaves nothing before the row is committed, and the next run computes without waiting",
    () =>
      Effect.gen(function* () {
        const runs = yield* Effect.forEach(
          before,
          (point) =>
            Effect.gen(function* () {
              const folder = yield* killedAt(point)
              const run = yield* inStorage(folder, nextRun)
              return { point, ...run, leftovers: leftovers(folder) }
            }),
          { concurrency: 2 },
        )
        for (const run of runs) {
          expect(run, run.point).toMatchObject({ computed: 1, hit: true, leftovers: [] })
          expect(Option.isNone(run.found), run.point).toBe(true)
          // A live holder would be waited for: 30 s of silence.
          expect(run.waitedMs, run.point).toBeLessThan(25_000)
        }
      }),
    120_000,
  )

  it.live("leaves everything after the row is committed, and the next run adopts it", () =>
    Effect.gen(function* () {
      const folder = yield* killedAt("row-committed")
      const run = yield* inStorage(folder, nextRun)
      expect(run).toMatchObject({ computed: 0, hit: true, output: { text: "made by the child" } })
      expect(run.found).toEqual(Option.some(run.output))
    }),
  )
})
