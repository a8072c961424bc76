import { describe, expect, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Option } from "effect"
import type { Json } from "../../../src/runtime/model/canonical-json.ts"
import { Cache } from "../../../src/runtime/storage/cache.ts"
import { Leases } from "../../../src/runtime/storage/lease.ts"
import type { Lease } from "../../../src/runtime/storage/lease-holder.ts"
import {
  livenessOf,
  Processes,
  type ProcessIdentity,
  thisProcess,
} from "../../../src/runtime/storage/process-identity.ts"
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

  // Windows has no signal that freezes a process.
  it.live.skipIf(process.platform === "win32")(
    "that is frozen is replaced, and adopts its successor's result when it wakes",
    () =>
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

/** A clock that was set forward by so much; elapsed time passes as ever. */
const setBy = (skewMs: number, clock: Clock.Clock): Clock.Clock => ({
  sleep: (duration) => clock.sleep(duration),
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + skewMs,
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (nowMs) => nowMs + skewMs),
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(skewMs) * 1_000_000n,
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(skewMs) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
})

/** A machine of its own: who its process is, what it sees of others, and how far its clock is off. */
const onMachine = (own: Partial<ProcessIdentity>, skewMs = 0, startOf: (pid: number) => string | null = () => null) =>
  Layer.mergeAll(
    hastyLeases,
    Layer.succeed(Processes, { own: { ...thisProcess(), ...own }, startOf }),
    Layer.effect(
      Clock.Clock,
      Effect.map(Clock.Clock, (clock) => setBy(skewMs, clock)),
    ),
  )

const dayMs = 86_400_000

describe("two machines on one share", () => {
  const ends = { boot: "one start", space: "pid:[1]", pid: 11 }
  const others: readonly (readonly [string, Partial<ProcessIdentity>])[] = [
    ["clones of one name", { boot: "another start", space: "pid:[1]" }],
    ["a system and another one beside it", { boot: "", space: "" }],
    ["two containers of one name", { space: "pid:[2]" }],
  ]
  it.live.each(others)("compute a key once, whatever their clocks say: %s", ([, other]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      let begun = 0
      const slow = compute(() => Effect.delay(Effect.succeed(++begun), 500))
      const here = inStorage(folder, slow).pipe(Effect.provide(onMachine(ends, dayMs)))
      const there = inStorage(folder, slow).pipe(Effect.provide(onMachine({ ...ends, ...other, pid: 22 }, -dayMs)))
      expect(yield* Effect.all([here, there], { concurrency: 2 })).toEqual([1, 1])
    }),
  )

  it.live("take over what the other one left, once its heartbeat has stood still", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const leave = Effect.map(Store, ({ tables }) =>
        tables.leases.acquire({
          key,
          owner: { ...thisProcess(), host: "elsewhere", instance: "left" },
          supersedes: null,
        }),
      )
      yield* inStorage(folder, leave)
      const work = inStorage(
        folder,
        compute(() => Effect.succeed(7)),
      )
      expect(yield* Effect.provide(work, onMachine(ends, -dayMs))).toBe(7)
    }),
  )

  it.live("that take each other for dead still come to an end", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      let begun = 0
      const slow = compute(() => Effect.delay(Effect.succeed(++begun), 400))
      const both = [11, 22].map((pid) => Effect.provide(inStorage(folder, slow), onMachine({ ...ends, pid })))
      const outputs = yield* Effect.all(both, { concurrency: 2 })
      expect(outputs[0]).toBe(outputs[1])
      expect(begun).toBeLessThanOrEqual(2)
    }),
  )
})

describe("a process", () => {
  it("is known to live, to have ended, or not to be seen from here", () => {
    const own = { ...thisProcess(), boot: "this start", space: "pid:[1]", pid: 7, started: "70" }
    const here = { own, startOf: (pid: number) => ({ 7: "70", 8: "" })[pid] ?? null }
    const seen = (other: Partial<ProcessIdentity>) => livenessOf({ ...own, ...other }, here)
    expect(seen({})).toBe("alive")
    expect(seen({ started: "0" })).toBe("dead")
    expect(seen({ pid: 9 })).toBe("dead")
    expect(seen({ pid: 8 })).toBe("unknown")
    expect(seen({ pid: 9, host: "elsewhere" })).toBe("unknown")
    expect(seen({ pid: 9, boot: "another start" })).toBe("unknown")
    expect(seen({ pid: 9, space: "another container" })).toBe("unknown")
  })

  it.each(["boot", "space"] as const)("is not seen where the system tells no %s", (field) => {
    const own = { ...thisProcess(), boot: "this start", space: "pid:[1]", [field]: "" }
    expect(livenessOf({ ...own, pid: 9 }, { own, startOf: () => null })).toBe("unknown")
  })
})
