/**
 * What of a training shapes its graph, besides the networks: where there are adapters, of which rank and scale, and how many tokens an
 * embedding has.
 *
 * Layout, graph, memory plan and the key of the graph's session are all made from this one object, so that two trainings
 * share a session exactly when they share a graph. Rates, optimizer, noise and the drawing of timesteps are no part of it.
 */
import { Schema } from "effect"

export const AdapterSpec = Schema.Struct({
  /** Rank of every adapter. */
  networkDim: Schema.Int,
  /** s in y = Wx + s · up(down(x)). */
  networkScale: Schema.Finite,
  /** Whether there are adapters in the UNet, and in the text encoders. */
  unet: Schema.Boolean,
  text: Schema.Boolean,
  /** Tokens of a custom embedding; 0: none is trained. */
  embeddingTokens: Schema.Int,
})
export type AdapterSpec = typeof AdapterSpec.Type

/** What decides where there are adapters. */
interface AdaptedBy {
  readonly networkDim: number
  readonly unetLearningRate: number
  readonly textModel: object | null
}

/** Where there are adapters: a rank of 0, or a rate of 0 for the UNet, leaves them out. */
export const adaptedParts = ({ networkDim, unetLearningRate, textModel }: AdaptedBy) => ({
  unet: networkDim > 0 && unetLearningRate > 0,
  text: networkDim > 0 && textModel !== null,
})

interface SpecifiedBy extends AdaptedBy {
  readonly networkScale: number
  readonly customEmbedding: { readonly length: number } | null
}

export const adapterSpec = (settings: SpecifiedBy): AdapterSpec => ({
  networkDim: settings.networkDim,
  networkScale: settings.networkScale,
  ...adaptedParts(settings),
  embeddingTokens: settings.customEmbedding?.length ?? 0,
})

/** Whether captions go through the text encoder in every update, because something before its states is trained. */
export const trainsText = ({ text, embeddingTokens }: Pick<AdapterSpec, "text" | "embeddingTokens">): boolean =>
  text || embeddingTokens > 0
