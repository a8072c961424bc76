/**
 * How a run ended: a report, and two ways of ending early that carry it.
 *
 * `RunFailure` holds everything that went wrong, not the first of it. When the pipeline was refused before any work, it
 * holds problems; afterwards it holds the failures of stages. `RunStopped` means that the user asked and nothing is lost.
 */
import { Data } from "effect"
import type { StageProblem } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import type { ItemCounts } from "../model/events.ts"
import type { StageFailure } from "../model/stage-failure.ts"
import type { RunId } from "../storage/store.ts"

/** How one stage of a run ended. */
export interface StageOutcome {
  readonly label: string
  readonly stage: string
  readonly state: "source" | "restored" | "ran" | "failed" | "stopped" | "cancelled"
  readonly reason: string
  /** Time spent now; 0 when restored. */
  readonly elapsedMs: number
  readonly items?: ItemCounts
}

/** A finished file in the output folder. */
export interface PlacedArtifact {
  /** The stage that made it. */
  readonly stage: string
  /** What it is, in words: "LoRA", "picture sheet". */
  readonly label: string
  /** Relative to the output folder. */
  readonly path: string
  /** The absolute path. */
  readonly file: string
  readonly sizeBytes: number
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string
  /** False where the same bytes lay there already. */
  readonly written: boolean
}

/** What a run did and what it gave. */
export interface RunReport {
  /** Counts the runs over a cache. */
  readonly runId: RunId
  readonly pipeline: string
  readonly elapsedMs: number
  readonly stages: readonly StageOutcome[]
  /** The finished files. */
  readonly artifacts: readonly PlacedArtifact[]
  /** The pipeline's results as JSON, by the names the pipeline gives them. */
  readonly results: Readonly<Record<string, Json>>
}

export interface FailureAt {
  readonly label: string
  /** Label of the stage that speaks for it; the sentence is told in its name. */
  readonly speaker: string
  readonly item?: string
  readonly failure: StageFailure
}

export class RunFailure extends Data.TaggedError("RunFailure")<{
  readonly pipeline: string
  readonly kind: "input" | "work"
  readonly problems: readonly StageProblem[]
  readonly failures: readonly FailureAt[]
  readonly report?: RunReport
}> {
  override get message(): string {
    const [problem] = this.problems.filter(({ severity }) => severity === "error")
    if (problem !== undefined) return `${problem.label}: ${problem.field}: ${problem.why}`
    const [first] = this.failures
    return first === undefined ? "the run failed" : `${first.speaker}: ${first.failure.message}`
  }
}

/** A stage that was stopped at work, and how far it came. */
export interface StoppedStage {
  readonly label: string
  readonly done: number
  readonly of: number
  readonly unit: string
  readonly hint: string
}

export class RunStopped extends Data.TaggedError("RunStopped")<{
  readonly pipeline: string
  readonly stopped: readonly StoppedStage[]
  readonly notStarted: readonly string[]
  readonly report: RunReport
}> {
  override get message(): string {
    return `stopped on request; ${this.stopped.length + this.notStarted.length} stages are not finished`
  }
}
