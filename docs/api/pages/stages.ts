/**
 * The stages that a pipeline file calls, in the order of a training. Each call is checked and wired, and runs nothing.
 *
 * @module stages
 */
export {
  ingest,
  crop,
  caption,
  baseModel,
  encode,
  holdOut,
  train,
  checkpoint,
  validate,
  evaluate,
  compare,
  type IngestOptions,
  type CropParams,
  type CaptionParams,
  type BaseModelOptions,
  type EncodeWires,
  type EncodeParams,
  type HoldOutParams,
  type DividedDataset,
  type TrainParams,
  type ScheduleChoice,
  type CheckpointParams,
  type ValidateWires,
  type ValidateParams,
  type EvaluateWires,
  type EvaluateParams,
  type ComparedSettings,
  type CompareParams,
} from "../../../src/index.ts"
