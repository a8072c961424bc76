/**
 * Single flight for snapshots: of computations that are on one way, across fibres and processes, only one goes; the others wait, and go
 * on from where the ways part.
 *
 * Whoever sets out marks the steps at which it will file snapshots. A mark on one's own way says that somebody is about to come by a
 * state that one needs as well; when the last shared one is filed, or its maker is gone (lease-holder.ts says when), the way is free.
 * What is lost when two take each other for gone is time: snapshots of one key are equal, and the first one stands.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { Key } from "../model/fingerprint.ts"
import type { StorageFailure } from "../model/storage-failure.ts"
import { LeaseHolder } from "./lease-holder.ts"
import { Store } from "./store.ts"
import type { LeaseAnswer, LeaseRequest, LeaseRow } from "./store-leases.ts"

/** A way that somebody wants to go. */
export interface Way<E, R> {
  /** Keys of all its steps. */
  readonly keys: readonly string[]
  /** Keys of the steps at which it will file snapshots, in order. */
  readonly marks: readonly string[]
  /** How many of its steps are there by now; asked again and again while somebody else is on the way. */
  readonly done: Effect.Effect<number, E, R>
  /** True once there is no point in waiting any more. */
  readonly isGivenUp: () => boolean
  /** Called once, when somebody else is found on the way. */
  readonly onWait: (holder: { readonly pid: number; readonly host: string }) => Effect.Effect<void>
}

export class Flights extends Context.Service<
  Flights,
  {
    /** Waits until nobody else is on the way, then keeps others off it until the scope closes. */
    readonly setOut: <E, R>(way: Way<E, R>) => Effect.Effect<void, E | StorageFailure, R | Scope.Scope>
  }
>()("loom/runtime/Flights") {
  static readonly layer: Layer.Layer<Flights, never, Store | LeaseHolder> = Layer.effect(
    Flights,
    Effect.gen(function* () {
      const { tables } = yield* Store
      const holder = yield* LeaseHolder

      /** A flight that was won ends with the scope. */
      const takeOff = (ask: (owner: LeaseRequest["owner"]) => LeaseAnswer) =>
        Effect.uninterruptible(
          Effect.tap(holder.acquireBy(ask), (answer) =>
            answer.kind === "held" ? Effect.void : Effect.addFinalizer(() => holder.release(answer.epoch)),
          ),
        )

      const setOut = Effect.fn("Flights.setOut")(function* <E, R>(
        way: Way<E, R>,
      ): Effect.fn.Return<void, E | StorageFailure, R | Scope.Scope> {
        const [isGone, pauseMs] = [holder.watch(), holder.pauses()]
        let supersedes: LeaseRow | null = null
        let toldOfWait = false
        while (!way.isGivenUp()) {
          const done = yield* way.done
          const keys = new Set(way.keys.slice(done))
          const seen: LeaseRow | null = supersedes
          const marks = way.marks.filter((key) => keys.has(key))
          if (marks.length === 0) return
          const answer: LeaseAnswer = yield* takeOff((owner) =>
            tables.flights.setOut({ owner, supersedes: seen, keys: [...keys], marks }),
          )
          if (answer.kind === "won") {
            const lease = { key: Key.make(marks.at(-1)!), epoch: answer.epoch }
            yield* Effect.forkScoped(Effect.ignore(holder.beat(lease)))
            return
          }
          supersedes = isGone(answer.by) ? answer.by : null
          if (supersedes !== null) continue
          if (!toldOfWait) yield* way.onWait(answer.by)
          toldOfWait = true
          yield* Effect.sleep(pauseMs())
        }
      })

      return { setOut }
    }),
  )
}
