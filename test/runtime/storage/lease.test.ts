import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"
import type { Json } from "../../../src/runtime/model/canonical-json.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { type Lease, Leases } from "../../../src/runtime/storage/lease.ts"
import { livenessOf, thisProcess } from "../../../src/runtime/storage/process-identity.ts"
import { Store } from "../../../src/runtime/storage/store.ts"
import { computingChild } from "./rig/child-process.ts"
import { hastyLeases, inStorage, result, temporaryFolder } from "./rig/temporary-storage.ts"

const { key } = result({ n: 1 }, null)

const lookup = Effect.flatMap(Cache, (cache) =>
  Effect.map(
    cache.lookup(key),
    Option.map((hit) => hit.output),
  ),
)

/** Computes the key under its lease: `work`, then the commit of what it gives. */
const compute = <E, R>(work: (lease: Lease) => Effect.Effect<Json, E, R>) =>
  Effect.gen(function* () {
    const cache = yield* Cache
    return yield* (yield* Leases).withLease(key, {
      adopt: lookup,
      compute: (lease) =>
        Effect.gen(function* () {
          const output = yield* work(lease)
          return (yield* cache.commit({ ...result({ n: 1 }, output), lease })).output
        }),
    })
  })

const holder = Effect.map(Store, ({ tables }) => tables.leases.find(key))

const inFreshStorage = <A, E>(work: Effect.Effect<A, E, Store | Cache | Leases>) =>
  Effect.gen(function* () {
    return yield* inStorage(yield* temporaryFolder, work)
  }).pipe(Effect.provide(hastyLeases))

describe("one key", () => {
  it.live("is computed once by fibres that want it at the same time", () =>
    inFreshStorage(
      Effect.gen(function* () {
        let computed = 0
        const slow = compute(() =>
          Effect.delay(
            Effect.sync(() => ++computed),
            60,
          ),
        )
        const outputs = yield* Effect.all([slow, slow, slow, slow, slow], { concurrency: "unbounded" })
        expect(outputs).toEqual([1, 1, 1, 1, 1])
        expect(computed).toBe(1)
        expect(yield* holder).toBeUndefined()
      }),
    ),
  )

  it.live("is computed once by two processes that race for it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const children = yield* Effect.all([computingChild(folder), computingChild(folder)], { concurrency: 2 })
      for (const child of children) yield* child.hear("ready")
      for (const child of children) yield* child.tell("go")
      // Whichever computes says so; the other one waits for it.
      const [first, other] = children
      const winner = yield* Effect.raceFirst(
        Effect.as(first.hear("computing"), 0),
        Effect.as(other.hear("computing"), 1),
      )
      yield* children[1 - winner]?.tell("made by the loser") ?? Effect.void
      yield* Effect.sleep(150)
      yield* children[winner]?.tell("made by the winner") ?? Effect.void
      for (const child of children) expect(JSON.parse(yield* child.hear("output: ")).text).toBe("made by the winner")
    }),
  )

  it.live("is free again when its computation fails, and nobody adopts the failure", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const failed = yield* Effect.exit(compute(() => Effect.fail("no reason")))
        expect(Exit.isFailure(failed)).toBe(true)
        expect(yield* holder).toBeUndefined()
        expect(yield* compute(() => Effect.succeed("second try"))).toBe("second try")
      }),
    ),
  )

  it.live("is free again when its computation is interrupted", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const started = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          compute(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)),
        )
        yield* Deferred.await(started)
        const waiting = yield* Effect.forkChild(compute(() => Effect.never))
        yield* Effect.sleep(30)
        yield* Fiber.interrupt(waiting)
        expect(yield* holder).toBeDefined()
        yield* Fiber.interrupt(fiber)
        expect(yield* holder).toBeUndefined()
        expect(yield* compute(() => Effect.succeed(7))).toBe(7)
      }),
    ),
  )
})

describe("a holder", () => {
  it.live("whose epoch is no longer the key's cannot commit; it adopts what its successor made", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { tables } = yield* Store
        const cache = yield* Cache
        let tries = 0
        const output = yield* compute((lease) =>
          Effect.gen(function* () {
            tries++
            tables.leases.release(lease.epoch)
            const successor = tables.leases.acquire({
              key,
              owner: { ...thisProcess(), instance: "successor" },
              supersedes: null,
            })
            if (successor.kind === "held") return yield* Effect.die("the lease was free")
            const refused = yield* Effect.flip(cache.commit({ ...result({ n: 1 }, "late"), lease }))
            expect(refused._tag).toBe("LeaseLost")
            yield* cache.commit({ ...result({ n: 1 }, "successor's"), lease: { key, epoch: successor.epoch } })
            tables.leases.release(successor.epoch)
            return "late"
          }),
        )
        expect(output).toBe("successor's")
        expect(tries).toBe(1)
      }),
    ),
  )

  it.live("that learns from its heartbeat that it was replaced stops computing", () =>
    inFreshStorage(
      Effect.gen(function* () {
        const { tables } = yield* Store
        const tries: number[] = []
        const output = yield* compute((lease) => {
          tries.push(lease.epoch)
          if (tries.length > 1) return Effect.succeed("second try")
          return Effect.andThen(
            Effect.sync(() => tables.leases.release(lease.epoch)),
            Effect.never,
          )
        })
        expect(output).toBe("second try")
        expect(tries).toEqual([1, 2])
      }),
    ),
  )

  it.live("that is frozen is replaced, and adopts its successor's result when it wakes", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const child = yield* computingChild(folder, "--hasty")
      yield* child.hear("ready")
      yield* child.tell("go")
      yield* child.hear("computing")
      process.kill(child.pid, "SIGSTOP")
      const output = yield* inStorage(
        folder,
        compute(() => Effect.succeed({ text: "made by the successor" })),
      ).pipe(Effect.provide(hastyLeases))
      expect(output).toEqual({ text: "made by the successor" })
      yield* child.tell("made by the frozen one")
      process.kill(child.pid, "SIGCONT")
      expect(JSON.parse(yield* child.hear("output: "))).toEqual({ text: "made by the successor" })
    }),
  )

  it.live("that is alive and slow keeps its lease, however long it takes", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      let computed = 0
      const slow = compute(() =>
        Effect.delay(
          Effect.sync(() => ++computed),
          500,
        ),
      )
      // Two openings of one folder are two owners to each other, as two processes are.
      const both = Effect.all([inStorage(folder, slow), inStorage(folder, slow)], { concurrency: 2 })
      expect(yield* Effect.provide(both, hastyLeases)).toEqual([1, 1])
    }),
  )
})

describe("a process", () => {
  it("is known to live, to have ended, or not to be seen from here", () => {
    const here = thisProcess()
    expect(livenessOf(here)).toBe("alive")
    expect(livenessOf({ ...here, started: "0" })).toBe("dead")
    expect(livenessOf({ ...here, pid: 4_194_305 })).toBe("dead")
    expect(livenessOf({ ...here, boot: "an earlier start" })).toBe("dead")
    expect(livenessOf({ ...here, host: "elsewhere" })).toBe("unknown")
    expect(livenessOf({ ...here, space: "another container" })).toBe("unknown")
  })
})
