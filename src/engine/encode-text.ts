/** A text through tokenizer and text encoder, with CLIP skip: token ids, text states, and the words that were cut. */
import { Effect } from "effect"
import type { EmbeddingRows } from "../formats/embedding-file.ts"
import { input } from "../graph/build.ts"
import { clipText } from "../models/clip-text.ts"
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { openTextEncoder } from "./base-model.ts"
import { openClipTokenizer } from "./clip-tokenizer.ts"
import { type EngineFailure, inputFailure } from "./engine-failure.ts"
import type { EncodedText, EncodeTextJob } from "./host-protocol.ts"
import { type LoraAdapters, noAdapters } from "./lora-adapters.ts"
import { Sessions } from "./sessions.ts"
import { textFeeds, textInputs } from "./text-feeds.ts"

/** A skip that leaves at least one layer. */
export const checkSkip = ({ num_hidden_layers: layers }: ClipTextConfig, clipSkip: number) =>
  clipSkip >= 1 && clipSkip <= layers
    ? Effect.void
    : inputFailure(
        `CLIP skip ${clipSkip}`,
        `this base model's text encoder has ${layers} layers`,
        `Choose 1 (no skip) to ${layers}`,
      )

/** What was trained and changes how a text is encoded. */
export interface TrainedText {
  /** On the text encoder's layers. */
  readonly adapters: LoraAdapters
  readonly embedding: { readonly keyword: string; readonly rows: EmbeddingRows } | null
}

const untrained: TrainedText = { adapters: noAdapters, embedding: null }

/** The text as ids, with an embedding's ids behind those of the table. */
const tokenize = Effect.fnUntraced(function* (
  { base, text }: EncodeTextJob,
  config: ClipTextConfig,
  embedding: TrainedText["embedding"],
) {
  const tokenizer = yield* openClipTokenizer(base, "tokenizer", config.max_position_embeddings)
  if (embedding === null) return { ...tokenizer.encode(text), learned: null }
  const [length, width] = embedding.rows.shape
  if (width !== config.hidden_size) {
    return yield* inputFailure(
      "the embedding",
      `its rows have ${width} numbers, the base model's text encoder takes ${config.hidden_size}`,
      "Use an embedding that was trained on this kind of base model",
    )
  }
  const learned = { firstId: config.vocab_size, length: length! }
  return { ...tokenizer.encode(text, { keyword: embedding.keyword, ...learned }), learned }
})

export const encodeText = Effect.fn("encodeText")(function* (
  job: EncodeTextJob,
  { adapters, embedding }: TrainedText = untrained,
): Effect.fn.Return<EncodedText, EngineFailure, Sessions> {
  const { base, clipSkip } = job
  const encoder = yield* openTextEncoder(base)
  yield* checkSkip(encoder.config, clipSkip)
  const { ids, truncated, mentions, learned: found } = yield* tokenize(job, encoder.config, embedding)
  const learned = mentions > 0 ? found : null
  const session = yield* (yield* Sessions).get({
    kind: "the text encoder",
    facts: [clipSkip, ids.length, learned?.length ?? 0, ...adapters.facts],
    weights: encoder.weights,
    build: () => {
      const scope = { weights: weightsFrom(encoder.weights.header), adapters: adapters.build() }
      const rows = learned && input("clip_l", [learned.length, encoder.config.hidden_size])
      const text = textInputs(1, ids.length, rows)
      return { outputs: { states: clipText(scope, encoder.config, { ...text, skip: clipSkip }).hiddenStates } }
    },
  })
  const shape = [ids.length, encoder.config.hidden_size]
  const states = new Float32Array(ids.length * encoder.config.hidden_size)
  const { feeds, fill } = textFeeds(1, ids.length, learned)
  fill(ids, 0)
  yield* session.prepare(
    { ...feeds, ...adapters.feeds, ...(learned && embedding && { clip_l: embedding.rows }) },
    { states: { data: states, shape: [1, ...shape] } },
  )
  return { tokenIds: ids, truncated, states, shape }
})
