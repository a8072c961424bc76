/**
 * What a source's function gets beside its parameters: plain functions and promises, so that nobody has to know Effect to write one.
 *
 * It is the source's context in other clothes.
 */
import { resolve } from "node:path"
import { Effect } from "effect"
import type { Blob } from "../model/blob.ts"
import { SourceContext } from "../model/stage-context.ts"
import type { Problem, StageFailure } from "../model/stage-failure.ts"
import { plainFunction } from "./plain-function.ts"

/** What a source's function is given beside its parameters; `W` is what its `wired` hook finds. */
export interface Reading<W = undefined> {
  /** What its `wired` hook found. */
  readonly wired: W
  /** The folder of the pipeline file. */
  readonly root: string
  /** A path as a pipeline file writes it, made absolute: relative ones start at the pipeline file. */
  readonly path: (written: string) => string
  /** The content of a file as a blob, hashed once per change of the file. The path is as a pipeline file writes it. */
  readonly fileBlob: (path: string) => Promise<Blob>
  /** Aborted when the run ends at once. */
  readonly signal: AbortSignal
  readonly warn: (why: string, hint?: string) => void
  /** Reports one of several things wrong with what was read; errors stop the run before any work is done. */
  readonly problem: (problem: Problem) => void
}

/** What a source may give back. */
export type Read<A> = A | Promise<A> | Effect.Effect<A, StageFailure, SourceContext>

/** Runs a source's function, whichever way it works, as an Effect. */
export const readPlainly = <W>(
  wired: W,
  read: (reading: Reading<W>) => unknown,
): Effect.Effect<unknown, StageFailure, SourceContext> =>
  Effect.flatMap(SourceContext, (context) =>
    plainFunction(({ promised, tell, signal }) => {
      const path = (written: string): string => resolve(context.root, written)
      return read({
        wired,
        root: context.root,
        path,
        fileBlob: (written) => promised(context.fileBlob(path(written))),
        signal,
        warn: (why, hint = "") => tell(context.warn(why, hint)),
        problem: (problem) => tell(context.problem(problem)),
      })
    }),
  ) as Effect.Effect<unknown, StageFailure, SourceContext>
