/**
 * How a text becomes states: by the encoders of which family, and up to which of their layers.
 *
 * What encodes captions, trains text encoders or paints prompts is given this one record, so that all of them read a text alike.
 */
import { Schema } from "effect"
import { FamilyName, families } from "./family.ts"

export const TextEncoding = Schema.Struct({
  family: FamilyName,
  /** 1 takes an encoder's last layer, 2 the one before. */
  clipSkip: Schema.Int,
})
export type TextEncoding = typeof TextEncoding.Type

/** As the family was trained, unless a pipeline says another CLIP skip. */
export const textEncoding = (family: FamilyName, clipSkip: number | null = null): TextEncoding => ({
  family,
  clipSkip: clipSkip ?? families[family].ownClipSkip,
})
