import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { Blobs } from "../../../src/runtime/storage/blobs.ts"
import { Flights } from "../../../src/runtime/storage/flights.ts"
import { Store } from "../../../src/runtime/storage/store.ts"
import { chainKeys, Trajectories } from "../../../src/runtime/storage/trajectory.ts"
import { hastyLeases, inStorage, temporaryFolder } from "./rig/temporary-storage.ts"

type Needs = Blobs | Flights | Store | Trajectories

const inFreshStorage = <A, E>(work: Effect.Effect<A, E, Needs>) =>
  Effect.gen(function* () {
    return yield* inStorage(yield* temporaryFolder, work)
  }).pipe(Effect.provide(hastyLeases))

/** Two ways of 20 steps that part after 12, with marks at every fourth step. */
const shared = Array(12).fill("both")
const [one, other] = ["one", "other"].map((which) => chainKeys("start", [...shared, ...Array(8).fill(which)])) as [
  readonly string[],
  readonly string[],
]
const marksOf = (keys: readonly string[]) => keys.filter((_, index) => index % 4 === 3)

const fileAt = (key: string) =>
  Effect.gen(function* () {
    const blob = yield* (yield* Blobs).put(new TextEncoder().encode(key))
    yield* (yield* Trajectories).file(key, blob)
  })

interface Asked {
  readonly isGivenUp?: () => boolean
  readonly onWait?: () => void
}

const setOut = (keys: readonly string[], { isGivenUp = () => false, onWait = () => {} }: Asked = {}) =>
  Effect.gen(function* () {
    const trajectories = yield* Trajectories
    const furthest = trajectories.furthest(keys)
    yield* (yield* Flights).setOut({
      ...{ keys, marks: marksOf(keys), isGivenUp },
      done: Effect.map(furthest, Option.match({ onNone: () => 0, onSome: ({ index }) => index + 1 })),
      onWait: () => Effect.sync(onWait),
    })
  })

/** Goes a way to its end; gives the steps it did. */
const goneAlong = (keys: readonly string[], msPerStep = 4) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* setOut(keys)
      const found = yield* (yield* Trajectories).furthest(keys)
      const from = Option.match(found, { onNone: () => 0, onSome: ({ index }) => index + 1 })
      for (let step = from; step < keys.length; step++) {
        yield* Effect.sleep(msPerStep)
        if (marksOf(keys).includes(keys[step]!)) yield* fileAt(keys[step]!)
      }
      return keys.slice(from)
    }),
  )

describe("two that go at once", () => {
  it.live("go what they share once, and on from where they part side by side", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const [first, second] = yield* Effect.all([goneAlong(one), goneAlong(other)], { concurrency: "unbounded" })
        expect([first.length, second.length].sort((a, b) => a - b)).toEqual([8, 20])
        expect(new Set([...first, ...second]).size).toBe(28)
      }),
    ),
  )

  it.live("go the same way once, and so do eight", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const ways = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? one : other))
        const gone = yield* Effect.all(
          ways.map((way) => goneAlong(way, 1)),
          { concurrency: "unbounded" },
        )
        expect(gone.flat().length).toBe(28)
      }),
    ),
  )

  it.live("do not wait for each other where they share nothing", () =>
    inFreshStorage(
      Effect.scoped(
        Effect.gen(function* () {
          yield* setOut(chainKeys("here", Array(8).fill(1)))
          yield* setOut(chainKeys("there", Array(8).fill(1)))
        }),
      ),
    ),
  )
})

describe("somebody who waits", () => {
  it.live("goes when the last snapshot they share is there, not before, and says once that it waits", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const flight = yield* Scope.make()
        yield* Scope.provide(setOut(one), flight)
        let waits = 0
        const waiting = yield* Effect.forkChild(Effect.scoped(setOut(other, { onWait: () => void waits++ })))
        yield* fileAt(one[7]!)
        yield* Effect.sleep(120)
        expect(waiting.pollUnsafe()).toBeUndefined()
        yield* fileAt(one[11]!)
        yield* Fiber.join(waiting)
        expect(waits).toBe(1)
        yield* Scope.close(flight, Exit.void)
      }),
    ),
  )

  it.live("goes when the other one breaks off, and nothing is left of either", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const broken = yield* Effect.forkChild(Effect.scoped(Effect.andThen(setOut(one), Effect.never)))
        yield* Effect.sleep(20)
        const waiting = yield* Effect.forkChild(Effect.scoped(setOut(other)))
        yield* Effect.sleep(40)
        yield* Fiber.interrupt(broken)
        yield* Fiber.join(waiting)
        const { tables } = yield* Store
        const owner = { instance: "me", host: "", boot: "", space: "", pid: 1, started: "" }
        expect(tables.flights.setOut({ keys: one, marks: marksOf(one), owner, supersedes: null }).kind).toBe("won")
      }),
    ),
  )

  it.live("gives up when it is told to", () =>
    inFreshStorage(
      Effect.scoped(
        Effect.gen(function* () {
          yield* setOut(one)
          const given: string[] = []
          yield* setOut(other, { onWait: () => void given.push("up"), isGivenUp: () => given.length > 0 })
        }),
      ),
    ),
  )

  it.live("takes the way of somebody whose heart has stopped", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { tables } = yield* Store
        const owner = { instance: "gone", host: "elsewhere", boot: "b", space: "s", pid: 1, started: "1" }
        tables.flights.setOut({ keys: one, marks: marksOf(one), owner, supersedes: null })
        yield* Effect.scoped(setOut(other))
      }),
    ),
  )
})
