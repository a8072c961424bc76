/**
 * The first values of a custom embedding: rows of the base's token table, or noise of the table's spread.
 *
 * From an init word: its tokens' rows, cycled when the embedding is longer. Without one: normal numbers with the
 * standard deviation of the whole table, so that the new tokens are as large as the ones the encoder knows.
 */
import { open } from "node:fs/promises"
import { Effect } from "effect"
import { fillNormal, randomStream } from "../../diffusion/random-stream.ts"
import { float32Of, type StoredDType } from "../../formats/stored-dtype.ts"
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import type { EmbeddingTokens } from "../../settings/trained-start.ts"
import type { Component } from "../base/base-model.ts"
import type { TextNetwork } from "../base/text-networks.ts"
import { type EngineFailure, inputFailure, wordsOf } from "../jobs/engine-failure.ts"

const tableKeys = ["text_model.embeddings.token_embedding.weight", "embeddings.token_embedding.weight"]

const storedTypes: Readonly<Record<string, StoredDType>> = { float32: "F32", float16: "F16", bfloat16: "BF16" }

/** Rows `start`..`end` (excluded) of the token table, read from the user's file. */
const readRows = ({ weights }: Component<ClipTextConfig>, start: number, end: number) =>
  Effect.tryPromise({
    try: async () => {
      const key = tableKeys.find((one) => weights.header.has(one)) ?? tableKeys[0]!
      const location = weights.locate(key)
      const rowBytes = location.lengthBytes / weights.header.shape(key)[0]!
      const bytes = new Uint8Array((end - start) * rowBytes)
      await using handle = await open(location.file, "r")
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, location.offsetBytes + start * rowBytes)
      const values = float32Of(storedTypes[location.dtype]!, bytes)
      if (bytesRead < bytes.length || values === null) throw new Error("the token table is cut short")
      return values
    },
    catch: (thrown) => inputFailure(weights.file, `it cannot be read (${wordsOf(thrown)})`, "Fetch the model again"),
  })

/** Rows read at a time: a full-size table is tens of megabytes. */
const rowsAtATime = 4096

/** Standard deviation over the whole table. */
export const tableSpread = Effect.fn("tableSpread")(function* (
  encoder: Component<ClipTextConfig>,
): Effect.fn.Return<number, EngineFailure> {
  const { vocab_size: rows, hidden_size: width } = encoder.config
  let sum = 0
  let squares = 0
  for (let start = 0; start < rows; start += rowsAtATime) {
    const values = yield* readRows(encoder, start, Math.min(rows, start + rowsAtATime))
    for (let at = 0; at < values.length; at++) {
      sum += values[at]!
      squares += values[at]! ** 2
    }
  }
  const count = rows * width
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
})

/** The rows for one text encoder. */
export const initialEmbedding = Effect.fn("initialEmbedding")(function* (
  { encoder, tokenizer, embedding }: TextNetwork,
  { length, initWord }: Pick<EmbeddingTokens, "length" | "initWord">,
  seed: number,
): Effect.fn.Return<Float32Array, EngineFailure> {
  const width = encoder.config.hidden_size
  const values = new Float32Array(length * width)
  if (initWord === null) {
    const spread = yield* tableSpread(encoder)
    const sample = embedding === "clip_l" ? 0 : embedding
    return fillNormal(values, randomStream({ seed, purpose: "embedding-init", step: 0, sample }), spread)
  }
  const ids = tokenizer.tokensOf(initWord)
  if (ids.length === 0) {
    return yield* inputFailure(
      "customEmbedding.initWord",
      `"${initWord}" has no tokens`,
      'Give a word that the base model knows, such as "dog", or none',
    )
  }
  for (let row = 0; row < length; row++) {
    const id = ids[row % ids.length]!
    values.set(yield* readRows(encoder, id, id + 1), row * width)
  }
  return values
})
