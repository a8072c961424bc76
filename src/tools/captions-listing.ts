/**
 * What `loom captions` tells: every picture's final caption as the tokenizer sees it, with the places of the trigger word and of an embedding.
 *
 * Only the tokenizers are opened; no network is built and no picture is read. SDXL's two differ where a caption has the second one's
 * padding token in it, "!"; the one that makes more tokens is shown.
 */
import { Effect, Schema } from "effect"
import {
  type ClipTokenizer,
  type EmbeddingWord,
  endlessRoom,
  openClipTokenizer,
} from "../engine/base/clip-tokenizer.ts"
import { phrasePlaces } from "../formats/caption-text.ts"
import { mentionPlaces } from "../formats/embedding-mention.ts"
import { Items } from "../runtime/model/items.ts"
import { familyRecord } from "../settings/family.ts"
import { locateFiles, stageFailure } from "../stages/base/engine-words.ts"
import { TextPart } from "../stages/wires/base-files.ts"
import { Caption } from "../stages/wires/captions.ts"

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

type Reading = Pick<FinalCaption, "tokens" | "limit" | "lost">

const readWith = ({ encode, endId, length }: ClipTokenizer, text: string, word: EmbeddingWord | undefined): Reading => {
  const { ids, truncated } = encode(text, word)
  return { tokens: ids.indexOf(endId, 1) + 1, limit: length, lost: truncated }
}

const mostTokens = (readings: readonly Reading[]): Reading =>
  readings.reduce((most, one) => (one.tokens > most.tokens || one.lost.length > most.lost.length ? one : most))

/** The final captions, for the decoded inputs of the stage that reads them and the embedding that is trained in them. */
export const finalCaptions = Effect.fn("finalCaptions")(function* (
  inputs: unknown,
  embedding: CaptionEmbedding | null,
) {
  const { items, textEncoder } = yield* Effect.orDie(Schema.decodeUnknownEffect(Read)(inputs))
  const files = yield* locateFiles(textEncoder.files)
  const tokenizers = yield* Effect.forEach(familyRecord(textEncoder.family).textEncoders, ({ tokenizerFolder }) =>
    Effect.mapError(openClipTokenizer(files, tokenizerFolder, { ...endlessRoom, positions }), stageFailure("captions")),
  )
  const word = embedding === null ? undefined : { ...embedding, firstId: firstEmbeddingId }
  return items.map(({ key, value }): FinalCaption => {
    const read = tokenizers.map((tokenizer) => readWith(tokenizer, value.text, word))
    return { key, text: value.text, ...mostTokens(read), marks: marksIn(value, embedding) }
  })
})
