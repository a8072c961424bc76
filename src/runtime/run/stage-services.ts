/**
 * The services that stages ask for: built the first time a stage that needs them really runs, shared by all, closed with the run.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { ItemStageNode, StageNode } from "../model/node.ts"
import type { StageFailure } from "../model/stage-failure.ts"

export interface StageServices {
  readonly contextFor: (node: StageNode | ItemStageNode) => Effect.Effect<Context.Context<never>, StageFailure>
}

/** Lives in the scope it is made in. */
export const makeStageServices: Effect.Effect<StageServices, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const memoMap = yield* Layer.makeMemoMap
  return {
    contextFor: ({ services }) =>
      services === undefined ? Effect.succeed(Context.empty()) : Layer.buildWithMemoMap(services, memoMap, scope),
  }
})
