/**
 * What `loom captions` tells: every picture's final caption as the tokenizer sees it, with the places of the trigger word and of an embedding.
 *
 * Only the tokenizer is opened; no network is built and no picture is read. SDXL's two tokenizers have the same words and differ in
 * their padding alone, so the first one speaks for both.
 */
import { Effect, Schema } from "effect"
import { openClipTokenizer } from "../engine/clip-tokenizer.ts"
import { phrasePlaces } from "../formats/caption-text.ts"
import { mentionPlaces } from "../formats/embedding-mention.ts"
import { Items } from "../runtime/items.ts"
import { TextPart } from "./base-files.ts"
import { Caption } from "./captions.ts"
import { locateFiles, stageFailure } from "./engine-words.ts"

/** The stage whose inputs are the final captions and the text encoder. */
export const captionReader = "encode-texts"

/** Tokens that every CLIP text encoder has places for. */
const positions = 77

/** A stretch of a caption that stands for something, by its place in the text. */
export interface Mark {
  readonly kind: "trigger" | "embedding"
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

const Read = Schema.Struct({ items: Schema.toType(Items(Caption)), textEncoder: Schema.toType(TextPart) })

/** An embedding's keyword and the tokens it takes. */
export interface CaptionEmbedding {
  readonly keyword: string
  readonly length: number
}

/** In order and apart; a trigger word that is the embedding's keyword counts as the embedding. */
const marksIn = ({ text, trigger }: Caption, embedding: CaptionEmbedding | null): readonly Mark[] => {
  const embeddings = (embedding === null ? [] : mentionPlaces(text, embedding.keyword)).map(
    (place): Mark => ({ kind: "embedding", ...place }),
  )
  const triggers = (trigger === null ? [] : phrasePlaces(text, trigger))
    .filter(({ start, end }) => embeddings.every((other) => other.end <= start || other.start >= end))
    .map((place): Mark => ({ kind: "trigger", ...place }))
  return [...embeddings, ...triggers].sort((a, b) => a.start - b.start)
}

/** Beyond every vocabulary: the numbers only tell an embedding's tokens from words. */
const firstEmbeddingId = 2 ** 31

/** The final captions, for the decoded inputs of the stage that reads them and the embedding that is trained in them. */
export const finalCaptions = Effect.fn("finalCaptions")(function* (
  inputs: unknown,
  embedding: CaptionEmbedding | null,
) {
  const { items, textEncoder } = yield* Effect.orDie(Schema.decodeUnknownEffect(Read)(inputs))
  const files = yield* locateFiles(textEncoder.files)
  const tokenizer = yield* Effect.mapError(openClipTokenizer(files, "tokenizer", positions), stageFailure("captions"))
  const word = embedding === null ? undefined : { ...embedding, firstId: firstEmbeddingId }
  return items.map(({ key, value }): FinalCaption => {
    const { ids, truncated } = tokenizer.encode(value.text, word)
    const tokens = ids.indexOf(tokenizer.endId, 1) + 1
    const marks = marksIn(value, embedding)
    return { key, text: value.text, tokens, limit: tokenizer.length, lost: truncated, marks }
  })
})
