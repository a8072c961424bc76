/**
 * One computation per key at a time, across fibres and processes, and nobody ever has to unlock anything.
 *
 * Whoever wants to compute a key takes its lease; everybody else polls and adopts the result. The holder's heartbeat counts up;
 * a holder is taken to be gone when its process is known to have ended (seen at once on the same machine), or when a waiter has watched
 * the heartbeat stand still for `silenceMs` of its own waking time, so that a laptop's sleep, a clock that was set or
 * another machine's clock cannot fake it. A holder that was replaced although it lives takes nobody for ended any more without
 * that silence, so that two processes which are wrong about each other cannot take a key from each other for ever. Every lease has an epoch that is never given twice; `Cache.commit` refuses a holder
 * whose epoch is no longer the key's, and that holder then waits or adopts like everybody else.
 */
import * as crypto from "node:crypto"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { Key } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { CommitPoints } from "./commit-points.ts"
import { livenessOf, Processes } from "./process-identity.ts"
import { Store } from "./store.ts"
import type { LeaseAnswer, LeaseRow, LeaseTable } from "./store-leases.ts"

/** The right to compute one key, until released or taken over. The epoch fences the commit. */
export interface Lease {
  readonly key: Key
  readonly epoch: number
}

/** Somebody else took the key over while this process was out of touch. `withLease` deals with it; nobody else sees it. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", { key: Key, epoch: Schema.Int }) {}

/** How often holders beat and waiters look, and how long a silence means that a holder is gone. */
export const LeaseTiming = Context.Reference<{
  readonly beatMs: number
  readonly silenceMs: number
  readonly firstPollMs: number
  readonly lastPollMs: number
}>("loom/runtime/LeaseTiming", {
  defaultValue: () => ({ beatMs: 2_000, silenceMs: 30_000, firstPollMs: 20, lastPollMs: 500 }),
})

/** What to do about a key. */
export interface LeasedWork<A, E, R, E2, R2> {
  /** Asked once the lease is won, and again and again while somebody else holds it. */
  readonly adopt: Effect.Effect<Option.Option<A>, E, R>
  /** Runs only while this process holds the lease; hands it to `Cache.commit`. */
  readonly compute: (lease: Lease) => Effect.Effect<A, E2, R2>
  /** Called once, when somebody else is found computing the key. */
  readonly onWait?: (holder: { readonly pid: number; readonly host: string }) => Effect.Effect<void>
}

export class Leases extends Context.Service<
  Leases,
  {
    /** Computes a key once: adopts the result if there is one by the time the lease is won, else computes it. */
    readonly withLease: <A, E, R, E2, R2>(
      key: Key,
      work: LeasedWork<A, E, R, E2, R2>,
    ) => Effect.Effect<A, E | Exclude<E2, LeaseLost> | StorageFailure, R | R2>
  }
>()("loom/runtime/Leases") {
  static readonly layer: Layer.Layer<Leases, never, Store> = Layer.effect(
    Leases,
    Effect.gen(function* () {
      const { attempt, tables } = yield* Store
      const timing = yield* LeaseTiming
      const reach = yield* CommitPoints
      const processes = yield* Processes
      const clock = yield* Clock.Clock
      const owner = { ...processes.own, instance: crypto.randomUUID() }
      const held = new Set<number>()
      let wasReplaced = false

      const acquire = (key: Key, supersedes: LeaseRow | null) =>
        attempt("Starting a computation", () => {
          const answer = tables.leases.acquire({ key, owner, supersedes })
          if (answer.kind === "won") held.add(answer.epoch)
          return answer
        })

      // A release that fails leaves a lease which waiters of this process see is not held, and others once it ends.
      const release = (answer: LeaseAnswer): Effect.Effect<void> => {
        if (answer.kind === "held") return Effect.void
        held.delete(answer.epoch)
        return Effect.ignore(attempt("Ending a computation", () => tables.leases.release(answer.epoch)))
      }

      const beat = heartbeat(attempt, tables.leases, timing.beatMs)

      const isGone = (holder: LeaseRow, watch: (holder: LeaseRow) => boolean): boolean =>
        holder.instance === owner.instance ? !held.has(holder.epoch) : isSeenDead(holder) || watch(holder)

      const isSeenDead = (holder: LeaseRow): boolean => !wasReplaced && livenessOf(holder, processes) === "dead"

      const compute = Effect.fnUntraced(function* <A, E, R, E2, R2>(
        lease: Lease,
        work: LeasedWork<A, E, R, E2, R2>,
      ): Effect.fn.Return<Turn<A>, E | Exclude<E2, LeaseLost>, R | R2> {
        reach("lease-won")
        const ready = yield* work.adopt
        if (Option.isSome(ready)) return { kind: "done", value: ready.value }
        return yield* Effect.raceFirst(work.compute(lease), beat(lease)).pipe(
          Effect.map((value): Turn<A> => ({ kind: "done", value })),
          Effect.catch((error) =>
            error instanceof LeaseLost
              ? Effect.succeed<Turn<A>>({ kind: "lost" })
              : Effect.fail(error as Exclude<E2, LeaseLost>),
          ),
        )
      })

      const withLease = Effect.fn("Leases.withLease")(function* <A, E, R, E2, R2>(
        key: Key,
        work: LeasedWork<A, E, R, E2, R2>,
      ): Effect.fn.Return<A, E | Exclude<E2, LeaseLost> | StorageFailure, R | R2> {
        const watch = watchFor(timing, clock)
        let supersedes: LeaseRow | null = null
        let pollMs = timing.firstPollMs
        let toldOfWait = false
        for (;;) {
          const turn: Turn<A> = yield* Effect.acquireUseRelease(
            acquire(key, supersedes),
            (answer) =>
              answer.kind === "held"
                ? Effect.succeed<Turn<A>>({ kind: "wait", holder: answer.by })
                : compute({ key, epoch: answer.epoch }, work),
            release,
          )
          if (turn.kind === "done") return turn.value
          supersedes = null
          if (turn.kind === "lost") {
            wasReplaced = true
            continue
          }
          if (isGone(turn.holder, watch)) {
            supersedes = turn.holder
            continue
          }
          if (!toldOfWait) yield* work.onWait?.(turn.holder) ?? Effect.void
          toldOfWait = true
          yield* Effect.sleep(pollMs)
          pollMs = Math.min(pollMs * 2, timing.lastPollMs)
          const ready = yield* work.adopt
          if (Option.isSome(ready)) return ready.value
        }
      })

      return { withLease }
    }),
  )
}

/** What came of one try to get the lease. */
type Turn<A> =
  | { readonly kind: "done"; readonly value: A }
  | { readonly kind: "wait"; readonly holder: LeaseRow }
  | { readonly kind: "lost" }

/** Beats until the lease is found to be gone. A beat that could not be written is made up for by the next. */
const heartbeat =
  (attempt: Store["Service"]["attempt"], leases: LeaseTable, beatMs: number) =>
  (lease: Lease): Effect.Effect<never, LeaseLost> =>
    Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(beatMs)
        const isOurs = yield* Effect.orElseSucceed(
          attempt("Keeping a computation", () => leases.beat(lease.epoch)),
          () => true,
        )
        if (!isOurs) return yield* new LeaseLost(lease)
      }
    })

/** Tells, each time it is shown a holder, whether that holder's heartbeat has stood still too long. */
const watchFor = (timing: { readonly silenceMs: number; readonly lastPollMs: number }, clock: Clock.Clock) => {
  let seen = { epoch: 0, beats: 0, atMs: 0, silentMs: 0 }
  return ({ epoch, beats }: LeaseRow): boolean => {
    const nowMs = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const isSilent = seen.epoch === epoch && seen.beats === beats
    // One look adds no more than a late poll's worth: a waiter that was itself held up, with the holder perhaps, has seen nothing.
    const addedMs = Math.min(nowMs - seen.atMs, 2 * timing.lastPollMs)
    seen = { epoch, beats, atMs: nowMs, silentMs: isSilent ? seen.silentMs + addedMs : 0 }
    return seen.silentMs > timing.silenceMs
  }
}
