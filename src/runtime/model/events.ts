/**
 * Everything that can happen while a pipeline is planned and run, as one union.
 *
 * Nothing in the runtime prints. It publishes events; presenters turn them into a live terminal, plain lines or JSON.
 * Events are plain data in the past tense, each with its reason in a form a program can read. Whoever wants to see
 * them subscribes before the run starts; a slow subscriber loses nothing and holds nobody up.
 */
import { Context, Effect, Layer, PubSub, type Scope, Stream } from "effect"
import type { Change } from "./changes.ts"
import type { Progress } from "./stage-context.ts"

/** How the items of an item stage fall: kept results, items to run, items that are in the list no more. */
export interface ItemCounts {
  /** Kept results. */
  readonly restored: number
  /** Made in this run. */
  readonly toRun: number
  /** In the list no more. */
  readonly removed: number
  /** Items whose value is not known before something upstream has run. */
  readonly waiting: number
}

/** Why a stage runs: one sentence for people, the list of differences for programs. */
export interface Reason {
  readonly sentence: string
  readonly changes: readonly Change[]
}

/** How a stage failed, in the words of its `StageFailure`. */
export interface FailureReport {
  readonly what: string
  /** File, field or item. */
  readonly where: string
  readonly why: string
  /** What to do about it. */
  readonly hint: string
  readonly kind: "input" | "work"
  /** The stack or the thrown value in words, for `--verbose`. */
  readonly detail?: string
}

/** How a run ended: "stopped" on request, "interrupted" at once. */
export type RunOutcome = "finished" | "failed" | "stopped" | "interrupted"

/**
 * What can happen while a pipeline is planned and run, told by `type`. `label` names the stage, `item` the item of an item stage. Times
 * are in milliseconds.
 */
export type RunEvent =
  | { readonly type: "run-started"; readonly pipeline: string; readonly runId: number; readonly stages: number }
  | { readonly type: "source-read"; readonly label: string }
  | {
      readonly type: "stage-planned"
      readonly label: string
      readonly state: "restored" | "will-run" | "waits" | "source"
      readonly reason: Reason
      readonly items?: ItemCounts
    }
  | {
      readonly type: "stage-restored"
      readonly label: string
      /** When the kept result was made, in milliseconds since the epoch, and how long it took then. */
      readonly madeAtMs: number
      readonly tookMs: number
      readonly items?: ItemCounts
    }
  | {
      readonly type: "stage-started"
      readonly label: string
      readonly reason: Reason
      readonly items?: ItemCounts
    }
  | ({ readonly type: "stage-progress"; readonly label: string; readonly item?: string } & Progress)
  /** The same result is being made elsewhere; this run adopts it when it is there. */
  | { readonly type: "stage-waiting"; readonly label: string; readonly item?: string; readonly owner: string }
  | {
      readonly type: "item-finished"
      readonly label: string
      readonly item: string
      readonly elapsedMs: number
      readonly done: number
      readonly of: number
    }
  | { readonly type: "stage-finished"; readonly label: string; readonly elapsedMs: number; readonly items?: ItemCounts }
  | { readonly type: "stage-failed"; readonly label: string; readonly item?: string; readonly failure: FailureReport }
  | ({ readonly type: "stage-stopped"; readonly label: string; readonly item?: string; readonly hint: string } & Pick<
      Progress,
      "done" | "of" | "unit"
    >)
  /** Never started: something it reads from failed, or the run takes no new work. */
  | {
      readonly type: "stage-cancelled"
      readonly label: string
      readonly because: "upstream" | "run-failed" | "stop-requested"
      readonly upstream?: string
    }
  | {
      readonly type: "warning"
      readonly label: string
      readonly field?: string
      readonly message: string
      readonly hint: string
    }
  | { readonly type: "logged"; readonly label: string; readonly item?: string; readonly message: string }
  | {
      readonly type: "artifact-written" | "artifact-present"
      readonly label: string
      /** Relative to the output folder. */
      readonly path: string
      readonly file: string
      readonly description: string
      readonly sizeBytes: number
    }
  | {
      readonly type: "run-finished"
      readonly outcome: RunOutcome
      readonly elapsedMs: number
      readonly ran: number
      readonly restored: number
    }

export class Events extends Context.Service<
  Events,
  {
    readonly publish: (event: RunEvent) => Effect.Effect<void>
    /** Subscribes at once; the stream gives every event from then on and ends after `run-finished`. */
    readonly subscribe: Effect.Effect<Stream.Stream<RunEvent>, never, Scope.Scope>
  }
>()("loom/runtime/Events") {
  static readonly layer: Layer.Layer<Events> = Layer.effect(
    Events,
    Effect.gen(function* () {
      const bus = yield* PubSub.unbounded<RunEvent>()
      return Events.of({
        publish: (event) => Effect.asVoid(PubSub.publish(bus, event)),
        subscribe: Effect.map(PubSub.subscribe(bus), (subscription) =>
          Stream.fromSubscription(subscription).pipe(Stream.takeUntil((event) => event.type === "run-finished")),
        ),
      })
    }),
  )
}
