/**
 * A base model on the wires: its files by content, and what their configurations say.
 *
 * Types only: a stage's code digest covers what it imports, and these are imported by many.
 */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Output } from "../../runtime/model/wire.ts"
import { FamilyName } from "../../settings/family.ts"
import type { MemoryChoice } from "../../settings/memory-mode.ts"
import { PredictionType } from "../../settings/prediction-type.ts"

/** Path inside the folder, such as "unet/config.json", to content. */
const Files = Schema.Record(Schema.String, Blob)

/** The text encoders with their tokenizers, all that the family has. */
export const TextPart = Schema.Struct({
  files: Files,
  family: FamilyName,
})
export type TextPart = typeof TextPart.Type

export const VaePart = Schema.Struct({
  files: Files,
  /** Picture sides have to be multiples of this many pixels: the VAE's and the UNet's halvings together. */
  sizeMultiple: Schema.Int,
})
export type VaePart = typeof VaePart.Type

export const BaseModelFolder = Schema.Struct({
  ...VaePart.fields,
  family: FamilyName,
  predictionType: PredictionType,
  trainTimesteps: Schema.Int,
})
export type BaseModelFolder = typeof BaseModelFolder.Type

/** A size in pixels that the model has to take, and the setting that asks for it, for the sentence when it cannot. */
export interface WantedSize {
  readonly width: number
  readonly height: number
  readonly setting: string
}

/** What captions ask of the text encoder. */
export interface WantedText {
  readonly trigger: string | null
  /** null: the model's own. */
  readonly clipSkip: number | null
}

/** A training that the machine's memory has to hold, as far as memory depends on it. */
export interface WantedTraining {
  readonly size: WantedSize
  readonly memory: MemoryChoice
  readonly networkDim: number
  readonly gradientAccumulationSteps: number
  /** Whether the UNet, the text encoders, and a custom embedding are trained. */
  readonly unet: boolean
  readonly text: boolean
  readonly embedding: boolean
}

/**
 * The whole base model, and two parts of it that stages read alone.
 *
 * Each is read with what the pipeline wants of it, so that a size it cannot take, a layer it has not got, a trigger word it
 * knows, or a training that no memory here holds is told before any work. The wishes are no part of the identity.
 */
export interface BaseModel extends Output<BaseModelFolder> {
  /** For labels and metadata; the folder's name, unless the pipeline says another. No part of the identity. */
  readonly name: string
  readonly wholeFor: (size: WantedSize | null) => Output<BaseModelFolder>
  readonly vaeFor: (size: WantedSize | null) => Output<VaePart>
  readonly textEncoderFor: (text: WantedText) => Output<TextPart>
  /** Says, while the pipeline is wired, that the memory has to hold a training. */
  readonly expectTraining: (training: WantedTraining) => void
}
