import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Json } from "../../../src/runtime/model/canonical-json.ts"
import type { Key } from "../../../src/runtime/model/fingerprint.ts"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { inStorage, preImage, result, temporaryFolder } from "./rig/temporary-storage.ts"

/** Does something with the cache of a fresh folder. */
const withCache = <A, E>(work: (cache: Cache["Service"]) => Effect.Effect<A, E, Blobs>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    return yield* inStorage(folder, Effect.flatMap(Cache, work))
  })

const keyOrNone = (found: Option.Option<{ readonly key: Key }>): Key | undefined =>
  Option.getOrUndefined(Option.map(found, ({ key }) => key))

describe("a result", () => {
  it.live("is found again after reopening, with its pre-image", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const one = result({ n: 1, rate: 0.1 }, { count: [1, 2, { deep: null }] })
      yield* inStorage(
        folder,
        Effect.flatMap(Cache, (cache) => cache.commit(one)),
      )
      const found = yield* inStorage(
        folder,
        Effect.flatMap(Cache, (cache) => cache.lookup(one.key)),
      )
      expect(Option.getOrThrow(found)).toMatchObject({
        key: one.key,
        preImage: one.preImage,
        output: one.output,
        pipeline: "demo",
        label: "count",
        stage: "count",
        item: null,
        elapsedMs: 5,
      })
    }),
  )

  it.live("that nobody committed is a miss", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        expect(Option.isNone(yield* cache.lookup(result({ n: 1 }, 0).key))).toBe(true)
        expect((yield* cache.lookupMany([])).size).toBe(0)
      }),
    ),
  )

  it.live("stands as it was committed first; later ones adopt it", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const first = yield* cache.commit(result({ n: 1 }, "first"))
        const same = yield* cache.commit(result({ n: 1 }, "first"))
        const other = yield* cache.commit(result({ n: 1 }, "second"))
        expect(first).toEqual({ output: "first", adopted: false, differs: false })
        expect(same).toEqual({ output: "first", adopted: true, differs: false })
        expect(other).toEqual({ output: "first", adopted: true, differs: true })
      }),
    ),
  )

  it.live("that refers to bytes nobody stored is refused", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const output: Json = { sha256: "0".repeat(64), sizeBytes: 4 }
        const error = yield* Effect.flip(cache.commit(result({ n: 1 }, output)))
        expect(error._tag).toBe("BlobMissing")
        expect(Option.isNone(yield* cache.lookup(result({ n: 1 }, output).key))).toBe(true)
      }),
    ),
  )

  it.live("that failed is never served", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const { key, pipeline, label, stage } = result({ n: 1 }, null)
        yield* cache.recordFailure({ key, pipeline, label, stage, error: { why: "no reason" } })
        expect(Option.isNone(yield* cache.lookup(key))).toBe(true)
        expect(Option.isNone(yield* cache.latest({ pipeline, label }))).toBe(true)
      }),
    ),
  )
})

describe("what a place used last", () => {
  it.live("follows edits and reverts", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const place = { pipeline: "demo", label: "count" }
        const [one, two] = [result({ n: 1 }, 1), result({ n: 2 }, 2)]
        expect(keyOrNone(yield* cache.latest(place))).toBeUndefined()
        yield* cache.commit(one)
        yield* cache.commit(two)
        expect(keyOrNone(yield* cache.latest(place))).toBe(two.key)
        yield* cache.noteUse(place, one.key)
        expect(Option.getOrThrow(yield* cache.latest(place)).preImage).toEqual(one.preImage)
        expect(keyOrNone(yield* cache.latest({ ...place, pipeline: "other" }))).toBeUndefined()
      }),
    ),
  )

  it.live("is kept per item, and items that are not named are forgotten", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const place = { pipeline: "demo", label: "count" }
        const [one, two] = [result({ n: 1 }, 1), result({ n: 2 }, 2)]
        yield* cache.commit({ ...one, item: "a.png" })
        yield* cache.commit({ ...two, item: "" })
        expect(yield* cache.latestItems(place)).toEqual(
          new Map([
            ["", { key: two.key, label: "count", preImage: two.preImage }],
            ["a.png", { key: one.key, label: "count", preImage: one.preImage }],
          ]),
        )
        expect(keyOrNone(yield* cache.latest(place))).toBeUndefined()
        yield* cache.noteItems(place, new Map([["b.png", one.key]]))
        expect([...(yield* cache.latestItems(place)).keys()]).toEqual(["b.png"])
        expect(keyOrNone(yield* cache.latest({ ...place, item: "b.png" }))).toBe(one.key)
      }),
    ),
  )

  it.live("has a neighbour: the result of the same stage that differs in the fewest fields", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const near = result({ n: 1, size: 512, code: "a" }, 1)
        const far = result({ n: 9, size: 256, code: "b" }, 2)
        yield* cache.commit({ ...near, pipeline: "elsewhere" })
        yield* cache.commit(far)
        const wanted = preImage({ n: 2, size: 512, code: "a" })
        expect(keyOrNone(yield* cache.nearest({ stage: "count", preImage: wanted }))).toBe(near.key)
        expect(keyOrNone(yield* cache.nearest({ stage: "other", preImage: wanted }))).toBeUndefined()
      }),
    ),
  )
})

describe("many results", () => {
  it.live("are looked up by the ten thousand in well under a second", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const blob = yield* (yield* Blobs).put(new Uint8Array(10))
        const all = Array.from({ length: 10_000 }, (_, n) => result({ n }, { n, blob }))
        for (const one of all.slice(0, 500)) yield* cache.commit(one)
        const before = process.cpuUsage()
        const hits = yield* cache.lookupMany(all.map(({ key }) => key))
        expect(hits.size).toBe(500)
        const { user, system } = process.cpuUsage(before)
        expect((user + system) / 1000, "CPU ms").toBeLessThan(1000)
      }),
    ),
  )
})
