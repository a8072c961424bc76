/**
 * Shapes that the signatures on the other pages mention. They are inferred where they are used and cannot be imported by name.
 *
 * @module shapes
 */
export type { StageCall } from "../../../src/runtime/define/call-shape.ts"
export type { ItemStageDefinition } from "../../../src/runtime/define/item-stage.ts"
export type { PipelineOptions } from "../../../src/runtime/define/pipeline.ts"
export type { Read } from "../../../src/runtime/define/reading.ts"
export type { SourceDefinition } from "../../../src/runtime/define/source.ts"
export type { StageDefinition } from "../../../src/runtime/define/stage.ts"
export type { Done } from "../../../src/runtime/define/work.ts"
export type { FailureReport, ItemCounts, Reason, RunOutcome } from "../../../src/runtime/model/events.ts"
export type {
  Progress,
  SourceContextShape,
  StageBlobs,
  StageContextShape,
  StageTrajectory,
} from "../../../src/runtime/model/stage-context.ts"
export type { Named } from "../../../src/runtime/model/word.ts"
export type { PlannedKey, StageState } from "../../../src/runtime/plan/plan.ts"
export type { PlacedArtifact, StageOutcome, StoppedStage } from "../../../src/runtime/run/run-outcome.ts"
export type { CustomEmbeddingInput, DenoisingInput, TextModelInput } from "../../../src/settings/train-params-input.ts"
