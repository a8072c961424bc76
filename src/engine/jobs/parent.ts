/** The parent as seen from a job in the host process: whom to tell about progress, and whether it asked to stop. */
import { Context, type Effect } from "effect"
import type { Progress } from "./host-protocol.ts"

export class Parent extends Context.Service<
  Parent,
  {
    readonly tell: (progress: Progress) => Effect.Effect<void>
    readonly asksToStop: () => boolean
  }
>()("loom/engine/Parent") {}
