import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { chainKeys, Trajectories } from "../../../src/runtime/storage/trajectory.ts"
import { inStorage, temporaryFolder } from "./rig/temporary-storage.ts"

const snapshots = Effect.gen(function* () {
  const blobs = yield* Blobs
  const trajectories = yield* Trajectories
  const snapshotAt = (keys: readonly string[], index: number) =>
    Effect.gen(function* () {
      const blob = yield* blobs.put(new TextEncoder().encode(`state after ${index}`))
      yield* trajectories.file(keys[index] ?? "", blob)
      return blob
    })
  return { blobs, trajectories, snapshotAt }
})

const inFreshStorage = <A, E>(work: Effect.Effect<A, E, Blobs | Trajectories>) =>
  Effect.gen(function* () {
    return yield* inStorage(yield* temporaryFolder, work)
  })

describe("the furthest snapshot", () => {
  it.live("is the last one on the way whose bytes are there", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { blobs, trajectories, snapshotAt } = yield* snapshots
        const keys = chainKeys("start", Array(100).fill("rate 1"))
        expect(Option.isNone(yield* trajectories.furthest(keys))).toBe(true)
        const early = yield* snapshotAt(keys, 10)
        const late = yield* snapshotAt(keys, 60)
        expect(yield* trajectories.furthest(keys)).toEqual(Option.some({ index: 60, blob: late }))
        expect(yield* trajectories.furthest(keys.slice(0, 60))).toEqual(Option.some({ index: 10, blob: early }))
        fs.rmSync(yield* blobs.path(late))
        expect(yield* trajectories.furthest(keys)).toEqual(Option.some({ index: 10, blob: early }))
      }),
    ),
  )

  it.live("is shared up to the step where two trajectories part", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { trajectories, snapshotAt } = yield* snapshots
        const long = chainKeys("start", [...Array(50).fill("rate 1"), ...Array(50).fill("rate 2")])
        yield* snapshotAt(long, 40)
        yield* snapshotAt(long, 80)
        const other = chainKeys("start", [...Array(50).fill("rate 1"), ...Array(50).fill("rate 3")])
        expect(Option.map(yield* trajectories.furthest(other), ({ index }) => index)).toEqual(Option.some(40))
      }),
    ),
  )

  it.live("stands as it was filed first", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { blobs, trajectories, snapshotAt } = yield* snapshots
        const keys = chainKeys("start", ["one"])
        const first = yield* snapshotAt(keys, 0)
        const other = yield* blobs.put(new Uint8Array(3))
        yield* trajectories.file(keys[0] ?? "", other)
        expect(yield* trajectories.furthest(keys)).toEqual(Option.some({ index: 0, blob: first }))
        fs.rmSync(yield* blobs.path(first))
        yield* trajectories.file(keys[0] ?? "", other)
        expect(yield* trajectories.furthest(keys)).toEqual(Option.some({ index: 0, blob: other }))
      }),
    ),
  )

  it.live("is found among twenty thousand steps in well under a second", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { trajectories, snapshotAt } = yield* snapshots
        const keys = chainKeys("start", Array(20_000).fill({ rate: 1e-4, noise: { offset: 0 } }))
        for (const index of [250, 500, 750]) yield* snapshotAt(keys, index)
        const before = process.cpuUsage()
        expect(Option.map(yield* trajectories.furthest(keys), ({ index }) => index)).toEqual(Option.some(750))
        const { user, system } = process.cpuUsage(before)
        expect((user + system) / 1000, "CPU ms").toBeLessThan(1000)
      }),
    ),
  )
})
