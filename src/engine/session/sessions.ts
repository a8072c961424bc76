/**
 * The sessions of one host process: made from graphs, kept for the next job that needs the same one.
 *
 * The name of a session says everything it was made from (the kind of graph, its shapes, the weight files with size and
 * time), so twelve pictures of one size share one session, and a replaced model file makes a new one. Between jobs the
 * least recently used are released until the weights of the rest fit the limit.
 */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { lowerToOnnx } from "../../graph/onnx/lower.ts"
import type { Tensor } from "../../graph/tensor.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import { graphFailure } from "./graph-failure.ts"
import type { GraphWeights } from "./graph-weights.ts"
import { openSession, type Session } from "./session.ts"
import { shapesIn } from "./weight-memory.ts"

export interface GraphOutputs {
  readonly outputs: Readonly<Record<string, Tensor>>
  /** Gradients, first layer first. */
  readonly gradients?: Readonly<Record<string, Tensor>>
  /** Whether values are computed twice on purpose. */
  readonly recomputes?: boolean
  /** Whether a run's values lie in one block; see run-memory.ts. */
  readonly inBlock?: boolean
}

export interface SessionRequest {
  /** The kind of graph, in the words of a failure: "the UNet's training graph". */
  readonly kind: string
  /** All that the graph depends on besides kind and weights. */
  readonly facts: readonly (string | number)[]
  readonly weights: GraphWeights
  readonly build: () => GraphOutputs
}

interface Kept {
  readonly session: Session
  readonly scope: Scope.Closeable
  readonly weightBytes: number
}

/** Weights of all kept sessions together, as stored; a session in use is never released. */
const keptWeightBytesLimit = 2 * 1024 * 1024 * 1024

const lower = (request: SessionRequest) =>
  Effect.try({
    try: () => {
      const { locate, storedBytes } = request.weights
      const { recomputes = false, inBlock = false, ...graph } = request.build()
      const lowered = lowerToOnnx({ ...graph, locate, shapes: shapesIn(storedBytes) })
      const { bytes, dynamicShapes, weightPlaces } = lowered
      return { model: bytes, dynamicShapes, weightPlaces, recomputes, inBlock }
    },
    catch: (thrown) => graphFailure(request, thrown),
  })

export class Sessions extends Context.Service<
  Sessions,
  {
    readonly get: (request: SessionRequest) => Effect.Effect<Session, EngineFailure>
    /** Work whose sessions are released when it ends, with their memory. */
    readonly apart: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Sessions>>
    /** Called between jobs. */
    readonly releaseOldest: Effect.Effect<void>
    /** For work that plans its memory: what earlier jobs have left warm lies in none of its plans. */
    readonly releaseAll: Effect.Effect<void>
  }
>()("loom/engine/Sessions") {
  static readonly layer = (threads: number): Layer.Layer<Sessions> =>
    Layer.effect(
      Sessions,
      Effect.gen(function* () {
        // A Map keeps the order of insertion: the first is the one whose use lies furthest back.
        const kept = new Map<string, Kept>()
        yield* Effect.addFinalizer(() => releaseAll)

        const get = Effect.fn("Sessions.get")(function* (request: SessionRequest) {
          const { kind, facts, weights } = request
          const key = JSON.stringify([kind, facts, weights.signature, threads])
          const known = kept.get(key)
          kept.delete(key)
          if (known !== undefined) {
            kept.set(key, known)
            return known.session
          }
          const lowered = yield* lower(request)
          const scope = yield* Scope.make()
          const plan = { name: kind, ...lowered, weightBytes: weights.storedBytes, threads }
          const session = yield* Scope.provide(openSession(plan), scope)
          kept.set(key, { session, scope, weightBytes: weights.storedBytes })
          return session
        })

        const releaseAll = Effect.gen(function* () {
          const scopes = [...kept.values()].map(({ scope }) => scope)
          kept.clear()
          for (const scope of scopes) yield* Scope.close(scope, Exit.void)
        })

        const releaseOldest = Effect.gen(function* () {
          let weightBytes = [...kept.values()].reduce((sum, one) => sum + one.weightBytes, 0)
          for (const [key, one] of kept) {
            if (weightBytes <= keptWeightBytesLimit) return
            kept.delete(key)
            weightBytes -= one.weightBytes
            yield* Scope.close(one.scope, Exit.void)
          }
        })

        const apart = <A, E, R>(work: Effect.Effect<A, E, R>) =>
          Effect.provide(work, Sessions.layer(threads), { local: true })

        return Sessions.of({ get, apart, releaseOldest, releaseAll })
      }),
    )
}
