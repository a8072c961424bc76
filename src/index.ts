/**
 * The one public door: everything a pipeline file imports, whether it uses Loom's stages or brings its own.
 *
 * Importing it loads nothing heavy; onnxruntime and sharp come in when a stage runs that needs them.
 */
export { Blob } from "./runtime/blob.ts"
export { itemStage } from "./runtime/item-stage.ts"
export { type Item, Items } from "./runtime/items.ts"
export { type Pipeline, type PipelineResults, pipeline } from "./runtime/pipeline.ts"
export { source } from "./runtime/source.ts"
export { stage } from "./runtime/stage.ts"
export { SourceContext, StageContext } from "./runtime/stage-context.ts"
export { type Problem, StageFailure, StageStopped } from "./runtime/stage-failure.ts"
export { chainKeys } from "./runtime/trajectory.ts"
export type { Output } from "./runtime/wire.ts"
export type { BaseModel } from "./stages/base-files.ts"
export { baseModel } from "./stages/base-model.ts"
export { caption } from "./stages/caption.ts"
export { Caption, CaptionText } from "./stages/captions.ts"
export { checkpoint } from "./stages/checkpoint.ts"
export { Checkpoints, type LoraCheckpoints } from "./stages/checkpoints.ts"
export { crop } from "./stages/crop.ts"
export { Dataset, type EncodedDataset } from "./stages/dataset.ts"
export { encode } from "./stages/encode.ts"
export { Evaluation, evaluate } from "./stages/evaluate.ts"
export { ingest } from "./stages/ingest.ts"
export { CroppedPicture, Picture, type PictureSet } from "./stages/pictures.ts"
export { train } from "./stages/train.ts"
export { Trained, type TrainedAdapters } from "./stages/trained.ts"
