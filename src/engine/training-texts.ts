/**
 * The captions of a training as the networks take them: token ids, and text states where the text encoder stays as it is.
 *
 * States come from the dataset, unless something before them is trained; then only ids are given and the graph makes the
 * states. A custom embedding's tokens are put into the ids here, because only the training knows of it.
 */
import { Effect } from "effect"
import { countMentions } from "../formats/embedding-mention.ts"
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import { type Component, openTextEncoder } from "./base-model.ts"
import { type ClipTokenizer, openClipTokenizer } from "./clip-tokenizer.ts"
import { checkSkip, encodeText } from "./encode-text.ts"
import { type EngineFailure, inputFailure } from "./engine-failure.ts"
import type { Sessions } from "./sessions.ts"
import type { EmbeddingIds } from "./text-feeds.ts"
import type { CaptionFacts, TrainJob } from "./train-job.ts"
import type { CustomEmbeddingSettings } from "./train-settings.ts"

export interface TrainingText {
  readonly tokenIds: readonly number[]
  /** null: the training graph makes them from the ids. */
  readonly states: Float32Array | null
}

export interface TrainingTexts {
  /** By the sample's place in the job. */
  readonly captions: readonly TrainingText[]
  /** What a dropped caption is replaced by; null when none is ever dropped. */
  readonly empty: TrainingText | null
  /** What a custom embedding did to the captions; without one there is nothing to tell. */
  readonly facts: readonly CaptionFacts[]
}

/** The text encoder of a training that goes through it in every update. */
export interface TextNetwork {
  readonly encoder: Component<ClipTextConfig>
  readonly tokenizer: ClipTokenizer
}

export const openTextNetwork = Effect.fn("openTextNetwork")(function* (
  base: TrainJob["base"],
): Effect.fn.Return<TextNetwork, EngineFailure> {
  const encoder = yield* openTextEncoder(base)
  return { encoder, tokenizer: yield* openClipTokenizer(base, "tokenizer", encoder.config.max_position_embeddings) }
})

export const embeddingIdsOf = (config: ClipTextConfig, embedding: CustomEmbeddingSettings): EmbeddingIds => ({
  firstId: config.vocab_size,
  length: embedding.length,
})

const unmentionedFailure = ({ keyword }: CustomEmbeddingSettings, samples: TrainJob["samples"]): EngineFailure => {
  const cutOff = samples.some(({ caption }) => countMentions(caption, keyword) > 0)
  return inputFailure(
    "customEmbedding.keyword",
    cutOff
      ? `every caption that mentions "${keyword}" is too long: the mention is cut off`
      : `no caption mentions "${keyword}", so nothing would train it`,
    cutOff ? "Shorten the captions, or put the keyword first" : `Write <${keyword}> into the captions`,
  )
}

/** An embedding that is mentioned nowhere, or only where a caption is cut off, would train nothing. */
export const checkMentioned = (
  { settings: { customEmbedding }, samples }: Pick<TrainJob, "settings" | "samples">,
  { facts }: TrainingTexts,
): Effect.Effect<void, EngineFailure> =>
  customEmbedding !== null && facts.every(({ mentions }) => mentions === 0)
    ? unmentionedFailure(customEmbedding, samples)
    : Effect.void

export const trainingTexts = Effect.fn("trainingTexts")(function* (
  { base, settings, samples }: Pick<TrainJob, "base" | "settings" | "samples">,
  network: TextNetwork | null,
): Effect.fn.Return<TrainingTexts, EngineFailure, Sessions> {
  const { clipSkip, captionDropout, customEmbedding } = settings
  if (network === null) {
    const empty = captionDropout === 0 ? null : yield* encodeText({ base, text: "", clipSkip })
    return { captions: samples, empty, facts: [] }
  }
  const { encoder, tokenizer } = network
  yield* checkSkip(encoder.config, clipSkip)
  const empty = captionDropout === 0 ? null : { tokenIds: tokenizer.encode("").ids, states: null }
  if (customEmbedding === null) {
    return { captions: samples.map(({ tokenIds }) => ({ tokenIds, states: null })), empty, facts: [] }
  }
  const word = { keyword: customEmbedding.keyword, ...embeddingIdsOf(encoder.config, customEmbedding) }
  const encoded = samples.map(({ key, caption }) => ({ key, ...tokenizer.encode(caption, word) }))
  return {
    captions: encoded.map(({ ids }) => ({ tokenIds: ids, states: null })),
    empty,
    facts: encoded.map(({ key, mentions, truncated }) => ({ key, mentions, lost: truncated })),
  }
})
