/**
 * What a stage's function gets beside its values: plain functions and promises, so that nobody has to know Effect to write a stage.
 *
 * It is the stage's context in other clothes.
 */
import { Effect, type Scope, Stream } from "effect"
import type { Blob } from "../model/blob.ts"
import type { StageEffect } from "../model/node.ts"
import { type Progress, StageContext } from "../model/stage-context.ts"
import type { StageFailure, StageStopped } from "../model/stage-failure.ts"
import { plainFunction } from "./plain-function.ts"

/** What a stage's `run` is handed beside its values. All that it tells is shown with its label, in order. */
export interface Work {
  /** "crop", "crop-2": the stage's name within its pipeline. */
  readonly label: string
  /** The item at hand, in an item stage. */
  readonly item: string | undefined
  /** Aborted when the run ends at once. */
  readonly signal: AbortSignal
  /** True once the user asked the run to stop: save, then throw `StageStopped`. */
  readonly stopRequested: () => boolean
  /** How far it is, for the bar; may be told as often as one likes. */
  readonly progress: (progress: Progress) => void
  /** Something the user should know and may want to change. It is told once, when the work is done, not when its result is reused. */
  readonly warn: (why: string, hint?: string) => void
  /** A line about the work that is worth reading once. */
  readonly log: (message: string) => void
  /**
   * Keeps bytes in the cache and names them; the name goes into the result. What is too large for the memory comes in pieces, such as a
   * stream that reads a file. Rejected with `StageFailure` when the disk is full, and with whatever the pieces throw.
   */
  readonly put: (content: Uint8Array | AsyncIterable<Uint8Array>) => Promise<Blob>
  /** The bytes of a blob. Rejected with `StageFailure` when they are gone or spoiled. */
  readonly bytes: (blob: Blob) => Promise<Uint8Array>
  /** An absolute file that holds exactly these bytes; not to be written to. */
  readonly path: (blob: Blob) => Promise<string>
}

/** What a stage may give back. */
export type Done<A, R = never> =
  | A
  | Promise<A>
  | Effect.Effect<A, StageFailure | StageStopped, StageContext | Scope.Scope | R>

/** Runs a stage's function, whichever way it works, as an Effect. */
export const performed = (run: (work: Work) => unknown): StageEffect =>
  Effect.flatMap(StageContext, (context) =>
    plainFunction(({ promised, tell, signal }) =>
      run({
        label: context.label,
        item: context.item,
        signal,
        stopRequested: context.stopRequested,
        progress: (progress) => tell(context.progress(progress)),
        warn: (why, hint) => tell(context.warn(why, hint)),
        log: (message) => tell(context.log(message)),
        put: (content) =>
          promised(
            content instanceof Uint8Array
              ? context.blobs.put(content)
              : context.blobs.putStream(Stream.fromAsyncIterable(content, (thrown) => thrown)),
          ),
        bytes: (blob) => promised(context.blobs.bytes(blob)),
        path: (blob) => promised(context.blobs.path(blob)),
      }),
    ),
  ) as StageEffect
