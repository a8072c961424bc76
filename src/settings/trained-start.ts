/**
 * What a training starts from: its adapters and tokens before the first step, and what the UNet is asked for. Whoever opens the same
 * networks again, to go on or to measure a checkpoint, needs this and no rates, steps or optimizer.
 */
import { Schema } from "effect"
import { AdapterSpec, adapterSpec } from "./adapter-spec.ts"
import { customEmbeddingRows } from "./embedding-rows.ts"
import { settingFieldsOf } from "./row.ts"
import { TrainSettings } from "./train-settings.ts"

const { keyword, length, initWord } = settingFieldsOf(customEmbeddingRows)
/** The new tokens of an embedding, and what they start from. */
export const EmbeddingTokens = Schema.Struct({ keyword, length, initWord })
export type EmbeddingTokens = typeof EmbeddingTokens.Type

export const TrainedStart = Schema.Struct({
  spec: AdapterSpec,
  /** null: none is trained. */
  embedding: Schema.NullOr(EmbeddingTokens),
  /** Of the first values. */
  seed: TrainSettings.fields.seed,
  /** null: as the base model's scheduler says. */
  predictionType: TrainSettings.fields.predictionType,
})
export type TrainedStart = typeof TrainedStart.Type

const tokensOf = ({ keyword, length, initWord }: EmbeddingTokens): EmbeddingTokens => ({ keyword, length, initWord })

export const trainedStart = (settings: TrainSettings): TrainedStart => ({
  spec: adapterSpec(settings),
  embedding: settings.customEmbedding && tokensOf(settings.customEmbedding),
  seed: settings.seed,
  predictionType: settings.predictionType,
})
