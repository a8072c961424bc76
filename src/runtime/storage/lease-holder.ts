/**
 * One opening of the store as a holder of leases: what it takes, keeps by a heartbeat and gives back, and when it takes another holder
 * for gone.
 *
 * The heartbeat counts up. A holder is gone when its process is known to have ended (seen at once on the same machine), or when a waiter
 * has watched the heartbeat stand still for `silenceMs` of its own waking time, so that a laptop's sleep, a clock that was set or
 * another machine's clock cannot fake it. A holder that was replaced although it lives takes nobody for ended any more without
 * that silence, so that two processes which are wrong about each other cannot take a key from each other for ever.
 */
import * as crypto from "node:crypto"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { Key } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { livenessOf, Processes } from "./process-identity.ts"
import { Store } from "./store.ts"
import type { LeaseAnswer, LeaseRequest, LeaseRow } from "./store-leases.ts"

/** The right to compute one key, until released or taken over. The epoch fences the commit. */
export interface Lease {
  readonly key: Key
  readonly epoch: number
}

/** Somebody else took the key over while this process was out of touch. */
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

/** Waits beside the work: it keeps no process alive that has nothing else to do. */
const pauseBeside = (milliseconds: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), milliseconds)
    timer.unref()
    return Effect.sync(() => clearTimeout(timer))
  })

export class LeaseHolder extends Context.Service<
  LeaseHolder,
  {
    readonly acquire: (request: Omit<LeaseRequest, "owner">) => Effect.Effect<LeaseAnswer, StorageFailure>
    /** The same by a query of one's own, which is told for whom. */
    readonly acquireBy: (
      ask: (owner: LeaseRequest["owner"]) => LeaseAnswer,
    ) => Effect.Effect<LeaseAnswer, StorageFailure>
    /** A release that fails leaves a lease which waiters of this process see is not held, and others once it ends. */
    readonly release: (epoch: number) => Effect.Effect<void>
    /** Beats until the lease is found to be gone. */
    readonly beat: (lease: Lease) => Effect.Effect<never, LeaseLost>
    /** Tells, each time it is shown whoever holds a lease, whether that one is gone. One for each wait. */
    readonly watch: () => (holder: LeaseRow) => boolean
    /** Notes that this holder was replaced although it lives. */
    readonly noteReplaced: () => void
    /** How long to sleep between two looks, rising. */
    readonly pauses: () => () => number
  }
>()("loom/runtime/LeaseHolder") {
  static readonly layer: Layer.Layer<LeaseHolder, never, Store> = Layer.effect(
    LeaseHolder,
    Effect.gen(function* () {
      const { attempt, tables } = yield* Store
      const timing = yield* LeaseTiming
      const processes = yield* Processes
      const clock = yield* Clock.Clock
      const owner = { ...processes.own, instance: crypto.randomUUID() }
      const held = new Set<number>()
      let wasReplaced = false

      const isSeenDead = (holder: LeaseRow): boolean => !wasReplaced && livenessOf(holder, processes) === "dead"

      const acquireBy: LeaseHolder["Service"]["acquireBy"] = (ask) =>
        attempt("Starting a computation", () => {
          const answer = ask(owner)
          if (answer.kind === "won") held.add(answer.epoch)
          return answer
        })

      return {
        acquire: (request) => acquireBy((owner) => tables.leases.acquire({ ...request, owner })),
        acquireBy,
        release: (epoch) =>
          Effect.suspend(() => {
            held.delete(epoch)
            return Effect.ignore(attempt("Ending a computation", () => tables.leases.release(epoch)))
          }),
        beat: Effect.fnUntraced(function* (lease: Lease) {
          for (;;) {
            yield* pauseBeside(timing.beatMs)
            // A beat that could not be written is made up for by the next.
            const isOurs = yield* Effect.orElseSucceed(
              attempt("Keeping a computation", () => tables.leases.beat(lease.epoch)),
              () => true,
            )
            if (!isOurs) return yield* new LeaseLost(lease)
          }
        }),
        watch: () => {
          const hasFallenSilent = silenceFor(timing, clock)
          return (holder) =>
            holder.instance === owner.instance ? !held.has(holder.epoch) : isSeenDead(holder) || hasFallenSilent(holder)
        },
        noteReplaced: () => {
          wasReplaced = true
        },
        pauses: () => {
          let pauseMs = timing.firstPollMs / 2
          return () => {
            pauseMs = Math.min(pauseMs * 2, timing.lastPollMs)
            return pauseMs
          }
        },
      }
    }),
  )
}

/** Tells, each time it is shown a holder, whether that holder's heartbeat has stood still too long. */
const silenceFor = (timing: { readonly silenceMs: number; readonly lastPollMs: number }, clock: Clock.Clock) => {
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
