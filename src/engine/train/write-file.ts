/** Files that a training writes for its parent: snapshots and traces, piece by piece, into a folder that the parent has given. */
import { open } from "node:fs/promises"
import { Effect, Stream } from "effect"
import type { BadFile } from "../../formats/bad-file.ts"
import { type SafetensorsPieces, wholeOf } from "../../formats/write-safetensors.ts"
import { type EngineFailure, wordsOf, workFailure } from "../jobs/engine-failure.ts"

const unwritten = (what: string, cause: unknown): EngineFailure => {
  const code = (cause as { readonly code?: unknown } | null)?.code
  return code === "ENOSPC" || code === "EDQUOT"
    ? workFailure(
        what,
        "it cannot be written: the disk is full",
        "Free some space and run again; finished work is kept",
      )
    : workFailure(what, `it cannot be written (${wordsOf(cause)})`, "Check the disk of the cache folder, and run again")
}

/** `what`: the file in the words of a failure. */
export const writeFile = (
  what: string,
  file: string,
  pieces: SafetensorsPieces,
): Effect.Effect<void, EngineFailure> => {
  const attempt = <A>(work: () => Promise<A>) =>
    Effect.tryPromise({ try: work, catch: (cause) => unwritten(what, cause) })
  const opened = Effect.acquireRelease(
    attempt(() => open(file, "w")),
    (handle) => Effect.ignore(attempt(() => handle.close())),
  )
  return Effect.scoped(
    Effect.flatMap(opened, (handle) =>
      wholeOf(pieces).pipe(
        Stream.mapError((bad: BadFile) => unwritten(what, bad)),
        Stream.runForEach((piece) => attempt(() => handle.writeFile(piece))),
      ),
    ),
  )
}
