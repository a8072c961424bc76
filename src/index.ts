/**
 * The one public door: everything a pipeline file imports, whether it uses Loom's stages or brings its own.
 *
 * Importing it loads nothing heavy; onnxruntime and sharp come in when a stage runs that needs them.
 */

export { itemStage } from "./runtime/define/item-stage.ts"
export { type Pipeline, type PipelineResults, pipeline } from "./runtime/define/pipeline.ts"
export { source } from "./runtime/define/source.ts"
export { stage } from "./runtime/define/stage.ts"
export { Blob } from "./runtime/model/blob.ts"
export { type Item, Items } from "./runtime/model/items.ts"
export { SourceContext, StageContext } from "./runtime/model/stage-context.ts"
export { type Problem, StageFailure, StageStopped } from "./runtime/model/stage-failure.ts"
export type { Output } from "./runtime/model/wire.ts"
export { chainKeys } from "./runtime/storage/trajectory.ts"
export { baseModel } from "./stages/base-model.ts"
export { caption } from "./stages/caption.ts"
export { checkpoint } from "./stages/checkpoint.ts"
export { type ComparedSettings, type CompareOptions, Comparison, compare } from "./stages/compare.ts"
export { crop } from "./stages/crop.ts"
export { encode } from "./stages/encode.ts"
export { Evaluation, evaluate } from "./stages/evaluate.ts"
export { type DividedDataset, holdOut } from "./stages/hold-out.ts"
export { ingest } from "./stages/ingest.ts"
export { train } from "./stages/train.ts"
export { validate } from "./stages/validate.ts"
export type { BaseModel } from "./stages/wires/base-files.ts"
export { Caption, CaptionText } from "./stages/wires/captions.ts"
export { Checkpoints, type LoraCheckpoints } from "./stages/wires/checkpoints.ts"
export { Dataset, type EncodedDataset } from "./stages/wires/dataset.ts"
export { CroppedPicture, Picture, type PictureSet } from "./stages/wires/pictures.ts"
export { Trained, type TrainedAdapters } from "./stages/wires/trained.ts"
export { Validation, ValidationLoss } from "./stages/wires/validations.ts"
