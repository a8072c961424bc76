/**
 * What stages give, as schemas and types of one name, and the wires that carry it.
 *
 * @module values
 */
export {
  Blob,
  Items,
  type Item,
  Picture,
  type Pictures,
  CroppedPicture,
  type CroppedPictures,
  CaptionText,
  type CaptionTexts,
  Caption,
  type Captions,
  BaseModelFolder,
  type BaseModel,
  Dataset,
  type EncodedDataset,
  Trained,
  type TrainedAdapters,
  Checkpoints,
  type LoraCheckpoints,
  ValidationLoss,
  Validation,
  type ValidatedCheckpoints,
  Evaluation,
  Comparison,
} from "../../../src/index.ts"
