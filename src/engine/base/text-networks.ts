/**
 * The text encoders of a base model with their tokenizers, as a text encoding wants them: those of the family, and of each the
 * layers that run.
 *
 * The states of several stand side by side. A pooled vector comes after all layers of the encoder that gives it, whatever CLIP
 * skip says.
 */
import { Effect } from "effect"
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import type { UnetConfig } from "../../models/unet-config.ts"
import { type FamilyTextEncoder, familyOf, familyRecord } from "../../settings/family.ts"
import type { TextEncoding } from "../../settings/text-encoding.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { hasBaseFile } from "./base-file.ts"
import { type Component, openTextEncoder } from "./base-model.ts"
import { type ClipTokenizer, openClipTokenizer } from "./clip-tokenizer.ts"

export interface TextNetwork extends FamilyTextEncoder {
  readonly encoder: Component<ClipTextConfig>
  readonly tokenizer: ClipTokenizer
  /** The states are those of layer N + 1 − skip of N. */
  readonly skip: number
  /** Layers that run, for the states or for the pooled vector. */
  readonly layersRun: number
}

const openOne = Effect.fnUntraced(function* (files: BaseModelFiles, one: FamilyTextEncoder, skip: number) {
  const encoder = yield* openTextEncoder(files, one.folder)
  const { max_position_embeddings: positions, vocab_size: rows, num_hidden_layers } = encoder.config
  const tokenizer = yield* openClipTokenizer(files, one.tokenizerFolder, { positions, rows })
  const layersRun = one.isPooled ? num_hidden_layers : num_hidden_layers + 1 - skip
  return { ...one, encoder, tokenizer, skip, layersRun } satisfies TextNetwork
})

const counted = (count: number): string =>
  count === 1 ? "one text encoder" : `${["no", "one", "two"][count] ?? count} text encoders`

/** The encoders of a family, of which none may be missing. */
const encodersOf = (files: BaseModelFiles, { family }: TextEncoding) => {
  const { title, textEncoders } = familyRecord(family)
  const present = textEncoders.filter(({ folder }) => hasBaseFile(files, `${folder}/config.json`))
  const missing = textEncoders.find((one) => !present.includes(one))
  // One that has none at all is told by the file that is missing.
  return missing === undefined || present.length === 0
    ? Effect.succeed(textEncoders)
    : inputFailure(
        `${missing.folder}/config.json`,
        `${title} needs ${counted(textEncoders.length)}, the base model has ${counted(present.length)}`,
        "Use the UNet and the text encoders of one model",
      )
}

/** All text encoders, in the order of their states. */
export const openTextNetworks = Effect.fn("openTextNetworks")(function* (
  files: BaseModelFiles,
  encoding: TextEncoding,
): Effect.fn.Return<readonly TextNetwork[], EngineFailure> {
  const encoders = yield* encodersOf(files, encoding)
  const networks = yield* Effect.forEach(encoders, (one) => openOne(files, one, encoding.clipSkip))
  yield* checkSkip(networks, encoding)
  const lengths = new Set(networks.map(({ tokenizer }) => tokenizer.length))
  if (lengths.size === 1) return networks
  return yield* inputFailure(
    `${networks.at(-1)!.folder}/config.json`,
    `the text encoders take captions of different lengths (${[...lengths].join(" and ")} tokens)`,
    "Use the text encoders and tokenizers that belong to the model",
  )
})

/** Tokenizers that make different numbers of tokens lose different words; the list of the one that lost most. */
export const mostLost = (lists: readonly (readonly string[])[]): readonly string[] =>
  lists.reduce((most, words) => (words.length > most.length ? words : most))

/** A skip that leaves at least one layer. */
const checkSkip = (
  networks: readonly TextNetwork[],
  { clipSkip }: TextEncoding,
): Effect.Effect<void, EngineFailure> => {
  const layers = Math.min(...networks.map(({ encoder }) => encoder.config.num_hidden_layers))
  if (clipSkip >= 1 && clipSkip <= layers) return Effect.void
  return inputFailure(
    `CLIP skip ${clipSkip}`,
    `this base model's text encoder has ${layers} layers`,
    `Choose 1 (no skip) to ${layers}`,
  )
}

/** A UNet reads only texts that were encoded for its own family. */
export const checkFamily = ({ config, weights }: Component<UnetConfig>, { family }: TextEncoding) =>
  familyOf(config) === family
    ? Effect.void
    : inputFailure(
        weights.file,
        `this UNet is of ${familyRecord(familyOf(config)).title}, the texts were encoded for ${familyRecord(family).title}`,
        "Use the UNet and the text encoders of one model",
      )
