/**
 * One computation per key at a time, across fibres and processes, and nobody ever has to unlock anything.
 *
 * Whoever wants to compute a key takes its lease; everybody else polls and adopts the result, or takes over from a holder that is gone
 * (lease-holder.ts says when). Every lease has an epoch that is never given twice; `Cache.commit` refuses a holder
 * whose epoch is no longer the key's, and that holder then waits or adopts like everybody else.
 */
import { Context, Effect, Layer, Option } from "effect"
import type { Key } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { CommitPoints } from "./commit-points.ts"
import { type Lease, LeaseHolder, LeaseLost } from "./lease-holder.ts"
import type { LeaseAnswer, LeaseRow } from "./store-leases.ts"

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
  static readonly layer: Layer.Layer<Leases, never, LeaseHolder> = Layer.effect(
    Leases,
    Effect.gen(function* () {
      const holder = yield* LeaseHolder
      const reach = yield* CommitPoints

      const release = (answer: LeaseAnswer): Effect.Effect<void> =>
        answer.kind === "held" ? Effect.void : holder.release(answer.epoch)

      const compute = Effect.fnUntraced(function* <A, E, R, E2, R2>(
        lease: Lease,
        work: LeasedWork<A, E, R, E2, R2>,
      ): Effect.fn.Return<Turn<A>, E | Exclude<E2, LeaseLost>, R | R2> {
        reach("lease-won")
        const ready = yield* work.adopt
        if (Option.isSome(ready)) return { kind: "done", value: ready.value }
        return yield* Effect.raceFirst(work.compute(lease), holder.beat(lease)).pipe(
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
        const [isGone, pauseMs] = [holder.watch(), holder.pauses()]
        let supersedes: LeaseRow | null = null
        let toldOfWait = false
        for (;;) {
          const turn: Turn<A> = yield* Effect.acquireUseRelease(
            holder.acquire({ key, supersedes }),
            (answer) =>
              answer.kind === "held"
                ? Effect.succeed<Turn<A>>({ kind: "wait", holder: answer.by })
                : compute({ key, epoch: answer.epoch }, work),
            release,
          )
          if (turn.kind === "done") return turn.value
          supersedes = null
          if (turn.kind === "lost") {
            holder.noteReplaced()
            continue
          }
          if (isGone(turn.holder)) {
            supersedes = turn.holder
            continue
          }
          if (!toldOfWait) yield* work.onWait?.(turn.holder) ?? Effect.void
          toldOfWait = true
          yield* Effect.sleep(pauseMs())
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
