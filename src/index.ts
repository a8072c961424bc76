/**
 * The one public door: everything a pipeline file imports, whether it uses Loom's stages or brings its own, and
 * `run` and `plan` for programs.
 *
 * Importing it loads nothing heavy; onnxruntime and sharp come in when a stage runs that needs them.
 */

export { itemStage } from "./runtime/define/item-stage.ts"
export { type Pipeline, type PipelineResults, pipeline } from "./runtime/define/pipeline.ts"
export type { Reading } from "./runtime/define/reading.ts"
export { source } from "./runtime/define/source.ts"
export { stage } from "./runtime/define/stage.ts"
export type { Work } from "./runtime/define/work.ts"
export { Blob } from "./runtime/model/blob.ts"
export type { RunEvent } from "./runtime/model/events.ts"
export { type Item, Items } from "./runtime/model/items.ts"
export { SourceContext, StageContext } from "./runtime/model/stage-context.ts"
export { type Problem, StageFailure, StageStopped } from "./runtime/model/stage-failure.ts"
export type { AnyWire, Wire } from "./runtime/model/wire.ts"
export type { WiredStage } from "./runtime/model/wired-stage.ts"
export { named } from "./runtime/model/word.ts"
export type { Plan, PlannedStage } from "./runtime/plan/plan.ts"
export type { RunReport } from "./runtime/run/run-outcome.ts"
export { type Asha, type AshaOptions, asha } from "./runtime/search/asha.ts"
export { exhaustive } from "./runtime/search/exhaustive.ts"
export { halton } from "./runtime/search/halton.ts"
export { random } from "./runtime/search/random.ts"
export type { Searcher } from "./runtime/search/searcher.ts"
export { sobol } from "./runtime/search/sobol.ts"
export { type TpeOptions, tpe } from "./runtime/search/tpe.ts"
export { chainKeys } from "./runtime/storage/trajectory.ts"
export { type Axis, type IntegerOptions, integer, logUniform, oneOf, repeats, uniform } from "./runtime/sweep/axis.ts"
export {
  type Measure,
  type MeasureOptions,
  maximise,
  measure,
  minimise,
  type Objective,
} from "./runtime/sweep/objective.ts"
export type { Space } from "./runtime/sweep/space.ts"
export { type Sweep, type SweepOptions, sweep } from "./runtime/sweep/sweep.ts"
export type { SweepEvent } from "./runtime/sweep/sweep-events.ts"
export { type BaseModelOptions, baseModel } from "./stages/base-model.ts"
export { type CaptionParams, caption } from "./stages/caption.ts"
export { type CheckpointParams, checkpoint } from "./stages/checkpoint.ts"
export { type ComparedSettings, type CompareParams, Comparison, compare } from "./stages/compare.ts"
export { type CropParams, crop } from "./stages/crop.ts"
export { type EncodeParams, type EncodeWires, encode } from "./stages/encode.ts"
export { type EvaluateParams, type EvaluateWires, Evaluation, evaluate } from "./stages/evaluate.ts"
export { type DividedDataset, type HoldOutParams, holdOut } from "./stages/hold-out.ts"
export { type IngestOptions, ingest } from "./stages/ingest.ts"
export { type ScheduleChoice, type TrainParams, train } from "./stages/train.ts"
export { type ValidateParams, type ValidateWires, validate } from "./stages/validate.ts"
export { validationLoss } from "./stages/validation-measure.ts"
export { type BaseModel, BaseModelFolder } from "./stages/wires/base-files.ts"
export { Caption, type Captions, CaptionText, type CaptionTexts } from "./stages/wires/captions.ts"
export { Checkpoints, type LoraCheckpoints } from "./stages/wires/checkpoints.ts"
export { Dataset, type EncodedDataset } from "./stages/wires/dataset.ts"
export { CroppedPicture, type CroppedPictures, Picture, type Pictures } from "./stages/wires/pictures.ts"
export { Trained, type TrainedAdapters } from "./stages/wires/trained.ts"
export { type ValidatedCheckpoints, Validation, ValidationLoss } from "./stages/wires/validations.ts"
export { InputError, Stopped, WorkError } from "./tools/program-errors.ts"
export type { PlanOptions, RunOptions } from "./tools/program-options.ts"
export { type CallOptions, plan, planSweep, run, runSweep } from "./tools/promises.ts"
export type { SweepPlan, SweepReport, SweepRunOptions } from "./tools/sweep-program.ts"
export type { SweepTable, SweepTrial } from "./tools/sweep-report/sweep-table.ts"
export type { Trouble } from "./tools/troubles.ts"
