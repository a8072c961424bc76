/**
 * A stage as it stands in its graph, for whoever wants to look around once the pipeline is wired.
 *
 * It can be walked both ways and changed in none. Stages are named by their definitions' names; what they were told is read with
 * a schema that the reader knows, so that a reader depends on no more than it asks for.
 */
import type { AnySchema } from "./node.ts"

/** A stage as it stands in its graph, with those before and behind it: what `wired` and `inspect` are handed. */
export interface WiredStage {
  /** Of the definition: "crop". */
  readonly name: string
  /** Under which its problems are told: "crop-2". */
  readonly label: string
  /** Its parameters as far as the schema goes, with defaults filled in; undefined where they are wrong, which is told by itself. */
  readonly paramsAs: <S extends AnySchema>(schema: S) => S["Type"] | undefined
  /** What it reads from, by the name it knows it under. */
  readonly reads: Readonly<Record<string, WiredStage>>
  /** Who reads from it, in the order of the pipeline. */
  readonly readers: readonly WiredStage[]
  /** Stages of a name that lie before it, the nearest first. */
  readonly upstream: (name: string) => readonly WiredStage[]
  /** Stages of a name that lie behind it, the nearest first. */
  readonly downstream: (name: string) => readonly WiredStage[]
  /** All stages of a name in the pipeline, in its order. */
  readonly all: (name: string) => readonly WiredStage[]
}
