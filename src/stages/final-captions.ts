/**
 * What `loom captions` tells: every picture's final caption as the tokenizer sees it, with the place of the trigger word.
 *
 * Only the tokenizer is opened; no network is built and no picture is read.
 */
import { Effect, Schema } from "effect"
import { openClipTokenizer } from "../engine/clip-tokenizer.ts"
import { phrasePlaces } from "../formats/caption-text.ts"
import { Items } from "../runtime/items.ts"
import { ModelPart } from "./base-files.ts"
import { Caption } from "./captions.ts"
import { locateFiles, stageFailure } from "./engine-words.ts"

/** The stage whose inputs are the final captions and the text encoder. */
export const captionReader = "encode-texts"

/** Tokens that every CLIP text encoder has places for. */
const positions = 77

/** A stretch of a caption that stands for something, by its place in the text. */
export interface Mark {
  readonly kind: "trigger"
  readonly start: number
  readonly end: number
}

export interface FinalCaption {
  readonly key: string
  readonly text: string
  /** With the start and end tokens that each caption gets; at most `limit`. */
  readonly tokens: number
  readonly limit: number
  /** Words that did not fit. */
  readonly lost: readonly string[]
  readonly marks: readonly Mark[]
}

const Read = Schema.Struct({ items: Schema.toType(Items(Caption)), textEncoder: Schema.toType(ModelPart) })

const marksIn = ({ text, trigger }: Caption): readonly Mark[] =>
  trigger === null ? [] : phrasePlaces(text, trigger).map((place) => ({ kind: "trigger", ...place }))

/** The final captions, for the decoded inputs of the stage that reads them. */
export const finalCaptions = Effect.fn("finalCaptions")(function* (inputs: unknown) {
  const { items, textEncoder } = yield* Effect.orDie(Schema.decodeUnknownEffect(Read)(inputs))
  const files = yield* locateFiles(textEncoder.files)
  const tokenizer = yield* Effect.mapError(openClipTokenizer(files, "tokenizer", positions), stageFailure("captions"))
  return items.map(({ key, value }): FinalCaption => {
    const { ids, truncated } = tokenizer.encode(value.text)
    const tokens = ids.indexOf(tokenizer.endId, 1) + 1
    return { key, text: value.text, tokens, limit: tokenizer.length, lost: truncated, marks: marksIn(value) }
  })
})
