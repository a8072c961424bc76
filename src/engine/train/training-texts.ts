/**
 * The captions of a training as the networks take them: token ids, and text states where the text encoder stays as it is.
 *
 * Conditions come from the dataset, unless something before them is trained; then only ids are given and the graph makes the
 * conditions. A custom embedding's tokens are put into the ids here, because only the training knows of it.
 */
import { Effect } from "effect"
import { countMentions } from "../../formats/embedding-mention.ts"
import { mapCondition, type TextCondition } from "../../settings/text-condition.ts"
import type { TextEncoding } from "../../settings/text-encoding.ts"
import type { EmbeddingTokens } from "../../settings/trained-start.ts"
import { mostLost, type TextNetwork } from "../base/text-networks.ts"
import { encodeText } from "../encode/encode-text.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { EncodedText } from "../jobs/host-protocol.ts"
import type { CaptionFacts, TrainJob } from "../jobs/train-job.ts"
import type { Sessions } from "../session/sessions.ts"

export interface TrainingText {
  /** One list for each text encoder. */
  readonly tokenIds: readonly (readonly number[])[]
  /** null: the training graph makes it from the ids. */
  readonly condition: TextCondition<Float32Array> | null
}

export interface TrainingTexts {
  /** By the sample's place in the job. */
  readonly captions: readonly TrainingText[]
  /** What a dropped caption is replaced by; null when none is ever dropped. */
  readonly empty: TrainingText | null
  /** What a custom embedding did to the captions; without one there is nothing to tell. */
  readonly facts: readonly CaptionFacts[]
}

const unmentionedFailure = (keyword: string, samples: TrainJob["samples"]): EngineFailure => {
  const cutOff = samples.some(({ caption }) => countMentions(caption, keyword) > 0)
  return inputFailure(
    "customEmbedding.keyword",
    cutOff
      ? `every caption that mentions "${keyword}" is too long: the mention is cut off`
      : `no caption mentions "${keyword}", so nothing would train it`,
    cutOff ? "Shorten the captions, or put the keyword first" : `Write <${keyword}> into the captions`,
  )
}

const idsAlone = (tokenIds: TrainingText["tokenIds"]): TrainingText => ({ tokenIds, condition: null })

const withoutShapes = ({ tokenIds, condition }: EncodedText): TrainingText => ({
  tokenIds,
  condition: mapCondition(condition, ({ data }) => data),
})

/** A caption's ids for each encoder, with the embedding's behind those of its table. */
const withEmbedding = (
  { key, caption }: TrainJob["samples"][number],
  networks: readonly TextNetwork[],
  { keyword, length }: EmbeddingTokens,
) => {
  const encoded = networks.map(({ encoder, tokenizer }) =>
    tokenizer.encode(caption, { keyword, firstId: encoder.config.vocab_size, length }),
  )
  const fact: CaptionFacts = {
    key,
    mentions: Math.min(...encoded.map(({ mentions }) => mentions)),
    lost: mostLost(encoded.map(({ truncated }) => truncated)),
  }
  return { ids: encoded.map(({ ids }) => ids), fact }
}

/** An embedding that is mentioned nowhere, or only where a caption is cut off, would train nothing. */
export const checkMentioned = (
  { settings: { customEmbedding }, samples }: Pick<TrainJob, "settings" | "samples">,
  { facts }: TrainingTexts,
): Effect.Effect<void, EngineFailure> =>
  customEmbedding !== null && facts.every(({ mentions }) => mentions === 0)
    ? unmentionedFailure(customEmbedding.keyword, samples)
    : Effect.void

/** The captions, and what is put in their place. */
export interface CaptionsRead extends Pick<TrainJob, "base" | "samples"> {
  readonly encoding: TextEncoding
  /** Whether some are replaced by the empty one. */
  readonly dropsCaptions: boolean
  readonly embedding: EmbeddingTokens | null
}

/** `networks`: the text encoders that are part of the training; none where the dataset's states are. */
export const trainingTexts = Effect.fn("trainingTexts")(function* (
  { base, samples, encoding, dropsCaptions, embedding }: CaptionsRead,
  networks: readonly TextNetwork[],
): Effect.fn.Return<TrainingTexts, EngineFailure, Sessions> {
  if (networks.length === 0) {
    const empty = dropsCaptions ? yield* encodeText({ base, text: "", encoding }) : null
    return { captions: samples, empty: empty && withoutShapes(empty), facts: [] }
  }
  const empty = dropsCaptions ? idsAlone(networks.map(({ tokenizer }) => tokenizer.encode("").ids)) : null
  if (embedding === null) {
    return { captions: samples.map(({ tokenIds }) => idsAlone(tokenIds)), empty, facts: [] }
  }
  const encoded = samples.map((sample) => withEmbedding(sample, networks, embedding))
  return { captions: encoded.map(({ ids }) => idsAlone(ids)), empty, facts: encoded.map(({ fact }) => fact) }
})
