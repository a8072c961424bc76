/**
 * The dataset: pictures and captions in the form training reads them, by digest.
 *
 * Everything that influences the numbers is in here, and everything a finished LoRA should be able to tell about what
 * it was trained on: the final captions, the digests of the original files, sizes and crops.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Output } from "../../runtime/model/wire.ts"
import { ConditionShape } from "../../settings/text-condition.ts"
import { TextEncoding } from "../../settings/text-encoding.ts"
import type { BaseModel, WantedSize } from "./base-files.ts"

/** A picture as the VAE sees it: mean and log-variance, from which each use draws its own latents. */
export const EncodedPicture = Schema.Struct({
  /** As formats/encoded-sample.ts writes them. */
  latents: Blob,
  latentShape: Schema.Array(Schema.Int),
})
export type EncodedPicture = typeof EncodedPicture.Type

/** A caption as the text encoder sees it. */
export const EncodedText = Schema.Struct({
  text: Schema.String,
  /** One list for each text encoder. */
  tokenIds: Schema.Array(Schema.Array(Schema.Int)),
  /** Words that did not fit into the encoder's length. */
  lost: Schema.Array(Schema.String),
  /** As formats/encoded-sample.ts writes it. */
  condition: Blob,
  conditionShape: ConditionShape,
})
export type EncodedText = typeof EncodedText.Type

export const DatasetSample = Schema.Struct({
  /** File name of the picture. */
  key: Schema.String,
  ...EncodedPicture.fields,
  ...EncodedText.fields,
  /** Of the original file. */
  originalSha256: Schema.String,
  width: Schema.Int,
  height: Schema.Int,
  /** What some families' UNets are told: original height and width, crop top and left, target height and width. */
  timeIds: Schema.Array(Schema.Int),
})
export type DatasetSample = typeof DatasetSample.Type

export const Dataset = Schema.Struct({
  /** How the captions were encoded. */
  encoding: TextEncoding,
  trigger: Schema.NullOr(Schema.String),
  /** The ordinary word that the base model takes the trigger for; null where it is new to it. */
  triggerLike: Schema.NullOr(Schema.Struct({ word: Schema.String, likeness: Schema.Finite })),
  samples: Schema.Array(DatasetSample),
})
export type Dataset = typeof Dataset.Type

/** A dataset, with the base model it was encoded for. */
export interface EncodedDataset extends Output<Dataset> {
  readonly base: BaseModel
  /** Of the pictures, in pixels; null where it is not known while the pipeline is wired. */
  readonly size: WantedSize | null
  /** Says, while the pipeline is wired, that some caption has to mention an embedding. */
  readonly expectMention: (keyword: string) => void
}
