/**
 * A text through tokenizers and text encoders, as its encoding says: token ids, condition, and the words that were cut.
 *
 * The states of several encoders stand side by side in each row.
 */
import { Effect } from "effect"
import type { EmbeddingRows } from "../../formats/embedding-file.ts"
import { input } from "../../graph/build.ts"
import { weightsFrom } from "../../models/model-weights.ts"
import { type ConditionShape, joinConditions, mapCondition, presentParts } from "../../settings/text-condition.ts"
import type { EmbeddingWord } from "../base/clip-tokenizer.ts"
import { mostLost, openTextNetworks, type TextNetwork } from "../base/text-networks.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { EncodedText, EncodeTextJob, Numbers, SampleJob } from "../jobs/host-protocol.ts"
import { Sessions } from "../session/sessions.ts"
import { type LoraAdapters, noAdapters } from "./lora-adapters.ts"
import { textFeeds, textGraph } from "./text-feeds.ts"

/** What was trained and changes how a text is encoded. */
export interface TrainedText {
  /** On the layers of each text encoder. */
  readonly adapters: readonly LoraAdapters[]
  /** Rows for each text encoder. */
  readonly embedding: SampleJob["embedding"]
}

const untrained: TrainedText = { adapters: [], embedding: null }

/** One encoder's part of what was trained. */
interface TrainedPart {
  readonly adapters: LoraAdapters
  readonly embedding: (EmbeddingWord & { readonly rows: EmbeddingRows }) | null
}

const misfit = (why: string): EngineFailure =>
  inputFailure("the embedding", why, "Use an embedding that was trained on this kind of base model")

const embeddingPart = (
  { encoder: { config } }: TextNetwork,
  embedding: TrainedText["embedding"],
  place: number,
): Effect.Effect<TrainedPart["embedding"], EngineFailure> => {
  if (embedding === null) return Effect.succeed(null)
  const rows = embedding.rows[place]
  if (rows === undefined) return misfit("it has rows for one text encoder only, the base model has two")
  const [length = 0, width] = rows.shape
  if (width === config.hidden_size) {
    return Effect.succeed({ keyword: embedding.keyword, firstId: config.vocab_size, length, rows })
  }
  return misfit(`its rows have ${width} numbers, the base model's text encoder takes ${config.hidden_size}`)
}

/** A text through one encoder. */
const encodeWith = Effect.fnUntraced(function* (
  network: TextNetwork,
  text: string,
  { adapters, embedding }: TrainedPart,
) {
  const { nth, encoder, tokenizer, isPooled, skip, hasFinalNorm } = network
  const { ids, truncated, mentions } = tokenizer.encode(text, embedding ?? undefined)
  const learned = mentions > 0 ? embedding : null
  const captions = { count: 1, tokens: ids.length }
  const { hidden_size: width, projection_dim } = encoder.config
  const session = yield* (yield* Sessions).get({
    kind: `the ${nth}text encoder`,
    facts: [skip, ids.length, learned?.length ?? 0, `${hasFinalNorm}`, ...adapters.facts],
    weights: encoder.weights,
    build: () => {
      const scope = { weights: weightsFrom(encoder.weights.header), adapters: adapters.build() }
      const rows = learned && input(network.embedding, [learned.length, width])
      return { outputs: presentParts(textGraph(network, scope, captions, rows)) }
    },
  })
  const shape: ConditionShape = { states: [ids.length, width], pooled: isPooled ? [projection_dim] : null }
  const condition = mapCondition(shape, (extents): Numbers => {
    return { data: new Float32Array(extents.reduce((product, extent) => product * extent, 1)), shape: extents }
  })
  const results = mapCondition(condition, ({ data, shape: extents }) => ({ data, shape: [1, ...extents] }))
  const { feeds, fill } = textFeeds(network, captions, learned?.length ?? 0)
  fill(ids, 0)
  yield* session.prepare(
    { ...feeds, ...adapters.feeds, ...(learned && { [network.embedding]: learned.rows }) },
    presentParts(results),
  )
  return { ids, truncated, condition }
})

/** Rows of several tables [rows, width], put side by side. */
const sideBySide = (tables: readonly Numbers[]): Numbers => {
  const [only, ...others] = tables
  if (only !== undefined && others.length === 0) return only
  const widthOf = ({ shape }: Numbers): number => shape[1]!
  const rows = tables[0]!.shape[0]!
  const width = tables.reduce((sum, table) => sum + widthOf(table), 0)
  const joined = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    let at = row * width
    for (const table of tables) {
      const part = widthOf(table)
      joined.set(table.data.subarray(row * part, (row + 1) * part), at)
      at += part
    }
  }
  return { data: joined, shape: [rows, width] }
}

export const encodeText = Effect.fn("encodeText")(function* (
  job: EncodeTextJob,
  { adapters, embedding }: TrainedText = untrained,
): Effect.fn.Return<EncodedText, EngineFailure, Sessions> {
  const networks = yield* openTextNetworks(job.base, job.encoding)
  if (embedding !== null && embedding.rows.length > networks.length) {
    return yield* misfit("it has rows for two text encoders, the base model has one")
  }
  const encoded = yield* Effect.forEach(networks, (network, place) =>
    Effect.gen(function* () {
      const part = yield* embeddingPart(network, embedding, place)
      return yield* encodeWith(network, job.text, { adapters: adapters[place] ?? noAdapters, embedding: part })
    }),
  )
  return {
    tokenIds: encoded.map(({ ids }) => ids),
    truncated: mostLost(encoded.map(({ truncated }) => truncated)),
    condition: joinConditions(
      encoded.map(({ condition }) => condition),
      sideBySide,
    ),
  }
})
