/**
 * The dataset: pictures and captions in the form training reads them, by digest.
 *
 * Everything that influences the numbers is in here, and everything a finished LoRA should be able to tell about what
 * it was trained on: the final captions, the digests of the original files, sizes and crops.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"
import { ConditionShape } from "../../settings/text-condition.ts"
import { TextEncoding } from "../../settings/text-encoding.ts"

/** A picture as the VAE sees it: mean and log-variance, from which each use draws its own latents. */
export const EncodedPicture = named(
  "encoded picture",
  Schema.Struct({
    /** As formats/encoded-sample.ts writes them. */
    latents: Blob,
    latentShape: Schema.Array(Schema.Int),
  }),
)
export interface EncodedPicture extends Schema.Schema.Type<typeof EncodedPicture> {}

/** A caption as the text encoder sees it. */
export const EncodedText = named(
  "encoded text",
  Schema.Struct({
    text: Schema.String,
    /** One list for each text encoder. */
    tokenIds: Schema.Array(Schema.Array(Schema.Int)),
    /** Words that did not fit into the encoder's length. */
    lost: Schema.Array(Schema.String),
    /** As formats/encoded-sample.ts writes it. */
    condition: Blob,
    conditionShape: ConditionShape,
  }),
)
export interface EncodedText extends Schema.Schema.Type<typeof EncodedText> {}

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

/** Pictures and captions as training reads them, with everything that decides the numbers. */
export const Dataset = named(
  "dataset",
  Schema.Struct({
    /** How the captions were encoded. */
    encoding: TextEncoding,
    /** The trigger word; null: none. */
    trigger: Schema.NullOr(Schema.String),
    /** The ordinary word that the base model takes the trigger for; null where it is new to it. */
    triggerLike: Schema.NullOr(Schema.Struct({ word: Schema.String, likeness: Schema.Finite })),
    /** One for each picture. */
    samples: Schema.Array(DatasetSample),
  }),
)
export interface Dataset extends Schema.Schema.Type<typeof Dataset> {}

/** The wire that `encode` and `holdOut` give. */
export interface EncodedDataset extends Wire<"dataset", Dataset> {}
