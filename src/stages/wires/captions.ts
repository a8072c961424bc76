/** Captions on the wires: as the files beside the pictures say, and word for word as they are trained on. */
import { Schema } from "effect"
import type { Items } from "../../runtime/model/items.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"

/** What the caption file beside a picture says; null when there is none. */
export const CaptionText = named("caption text", Schema.Struct({ caption: Schema.NullOr(Schema.String) }))
export interface CaptionText extends Schema.Schema.Type<typeof CaptionText> {}

/** The text that is trained on, with the trigger word it was given. */
export const Caption = named("caption", Schema.Struct({ text: Schema.String, trigger: Schema.NullOr(Schema.String) }))
export interface Caption extends Schema.Schema.Type<typeof Caption> {}

/** What caption files say, by the pictures' file names. It lies behind every wire of pictures of a folder. */
export interface CaptionTexts extends Wire<"caption texts", Items<CaptionText>> {}

/** Final captions by file name: the wire that `caption` gives. */
export interface Captions extends Wire<"captions", Items<Caption>> {}
