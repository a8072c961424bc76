/** Captions on the wires: as the files beside the pictures say, and word for word as they are trained on. */
import { Schema } from "effect"
import type { Items } from "../../runtime/model/items.ts"
import type { Output } from "../../runtime/model/wire.ts"

/** What the caption file beside a picture says; null when there is none. */
export const CaptionText = Schema.Struct({ caption: Schema.NullOr(Schema.String) })
export type CaptionText = typeof CaptionText.Type

/** The text that is trained on, with the trigger word it was given. */
export const Caption = Schema.Struct({ text: Schema.String, trigger: Schema.NullOr(Schema.String) })
export type Caption = typeof Caption.Type

/** Final captions by file name, and the trigger word they were given. */
export interface CaptionSet extends Output<Items<Caption>> {
  readonly trigger: string | null
  /** Says, while the pipeline is wired, that some caption has to mention an embedding. */
  readonly expectMention: (keyword: string) => void
}
