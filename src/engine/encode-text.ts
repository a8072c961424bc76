/** A caption through tokenizer and text encoder, with CLIP skip: token ids, text states, and the words that were cut. */
import { Effect } from "effect"
import { input } from "../graph/build.ts"
import { clipText } from "../models/clip-text.ts"
import type { ClipTextConfig } from "../models/clip-text-config.ts"
import { weightsFrom } from "../models/model-weights.ts"
import { openTextEncoder } from "./base-model.ts"
import { openClipTokenizer } from "./clip-tokenizer.ts"
import { inputFailure } from "./engine-failure.ts"
import type { EncodedText, EncodeTextJob } from "./host-protocol.ts"
import { Sessions } from "./sessions.ts"

/** A skip that leaves at least one layer. */
const checkSkip = ({ num_hidden_layers: layers }: ClipTextConfig, clipSkip: number) =>
  clipSkip >= 1 && clipSkip <= layers
    ? Effect.void
    : inputFailure(
        `CLIP skip ${clipSkip}`,
        `this base model's text encoder has ${layers} layers`,
        `Choose 1 (no skip) to ${layers}`,
      )

export const encodeText = Effect.fn("encodeText")(function* ({ base, text, clipSkip }: EncodeTextJob) {
  const encoder = yield* openTextEncoder(base)
  yield* checkSkip(encoder.config, clipSkip)
  const tokenizer = yield* openClipTokenizer(base, "tokenizer", encoder.config.max_position_embeddings)
  const { ids, truncated } = tokenizer.encode(text)
  const session = yield* (yield* Sessions).get({
    kind: "the text encoder",
    facts: [clipSkip, ids.length],
    weights: encoder.weights,
    build: () => {
      const scope = { weights: weightsFrom(encoder.weights.header), adapters: new Map() }
      const tokenIds = input("token_ids", [1, ids.length], "int64")
      return { outputs: { states: clipText(scope, encoder.config, { tokenIds, skip: clipSkip }).hiddenStates } }
    },
  })
  const shape = [ids.length, encoder.config.hidden_size]
  const states = new Float32Array(ids.length * encoder.config.hidden_size)
  yield* session.prepare(
    { token_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] } },
    { states: { data: states, shape: [1, ...shape] } },
  )
  return { tokenIds: ids, truncated, states, shape } satisfies EncodedText
})
