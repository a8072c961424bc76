/**
 * A base model on the wires: its files by content, and what their configurations say.
 *
 * Types only: a stage's code digest covers what it imports, and these are imported by many.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"
import { FamilyName } from "../../settings/family.ts"
import { PredictionType } from "../../settings/prediction-type.ts"

/** Path inside the folder, such as "unet/config.json", to content. */
const Files = Schema.Record(Schema.String, Blob)

/** The text encoders with their tokenizers, all that the family has. */
export const TextPart = named("text encoder", Schema.Struct({ files: Files, family: FamilyName }))
export interface TextPart extends Schema.Schema.Type<typeof TextPart> {}

export const VaePart = named(
  "VAE",
  Schema.Struct({
    files: Files,
    /** Picture sides have to be multiples of this many pixels: the VAE's and the UNet's halvings together. */
    sizeMultiple: Schema.Int,
  }),
)
export interface VaePart extends Schema.Schema.Type<typeof VaePart> {}

/** A base model: its files by content, and what their configurations say. */
export const BaseModelFolder = named(
  "base model",
  Schema.Struct({
    ...VaePart.fields,
    /** Which kind of Stable Diffusion it is. */
    family: FamilyName,
    /** What the UNet predicts. */
    predictionType: PredictionType,
    /** Timesteps of the noise schedule it was trained with; 1000 for all published models. */
    trainTimesteps: Schema.Int,
  }),
)
export interface BaseModelFolder extends Schema.Schema.Type<typeof BaseModelFolder> {}

/** The wire that `baseModel` gives. */
export interface BaseModel extends Wire<"base model", BaseModelFolder> {}
