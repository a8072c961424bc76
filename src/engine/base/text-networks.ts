/**
 * The text encoders of a base model with their tokenizers: one in SD1 and SD2, two in SDXL.
 *
 * SDXL's second encoder is told by its folder. What else differs follows from that: states stand side by side and are
 * taken without the final layer norm, and a pooled vector comes from the whole second encoder, whatever CLIP skip says.
 */
import { Effect } from "effect"
import type { ClipTextConfig } from "../../models/clip-text-config.ts"
import { isSdxl, type UnetConfig } from "../../models/unet-config.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import { hasBaseFile } from "./base-file.ts"
import { type Component, openTextEncoder, type TextFolder, textFolders } from "./base-model.ts"
import { type ClipTokenizer, openClipTokenizer } from "./clip-tokenizer.ts"

export interface TextNetwork {
  /** The name of its folder; also that of its weights in a graph of several networks. */
  readonly folder: TextFolder
  readonly encoder: Component<ClipTextConfig>
  readonly tokenizer: ClipTokenizer
  /** Whether the pooled vector comes from it. */
  readonly isPooled: boolean
  /** Whether its states go through the final layer norm. */
  readonly hasFinalNorm: boolean
  /** What an embedding's rows for it are called in files. */
  readonly embedding: "clip_l" | "clip_g"
}

export const textFoldersIn = (files: BaseModelFiles): readonly TextFolder[] =>
  textFolders.filter((folder, index) => index === 0 || hasBaseFile(files, `${folder}/config.json`))

/** The folder of the tokenizer that belongs to a text encoder. */
export const tokenizerFolders: Readonly<Record<TextFolder, string>> = {
  text_encoder: "tokenizer",
  text_encoder_2: "tokenizer_2",
}

const openOne = Effect.fnUntraced(function* (files: BaseModelFiles, folder: TextFolder, isSdxl: boolean) {
  const encoder = yield* openTextEncoder(files, folder)
  const isSecond = folder === "text_encoder_2"
  return {
    folder,
    encoder,
    tokenizer: yield* openClipTokenizer(files, tokenizerFolders[folder], encoder.config.max_position_embeddings),
    isPooled: isSecond,
    hasFinalNorm: !isSdxl,
    embedding: isSecond ? "clip_g" : "clip_l",
  } satisfies TextNetwork
})

/** All text encoders, the one of `text_encoder/` first. */
export const openTextNetworks = Effect.fn("openTextNetworks")(function* (
  files: BaseModelFiles,
): Effect.fn.Return<readonly TextNetwork[], EngineFailure> {
  const folders = textFoldersIn(files)
  const networks = yield* Effect.forEach(folders, (folder) => openOne(files, folder, folders.length > 1))
  const lengths = new Set(networks.map(({ tokenizer }) => tokenizer.length))
  if (lengths.size === 1) return networks
  return yield* inputFailure(
    "text_encoder_2/config.json",
    `the two text encoders take captions of different lengths (${[...lengths].join(" and ")} tokens)`,
    "Use the text encoders and tokenizers that belong to the model",
  )
})

/** Tokenizers that make different numbers of tokens lose different words; the list of the one that lost most. */
export const mostLost = (lists: readonly (readonly string[])[]): readonly string[] =>
  lists.reduce((most, words) => (words.length > most.length ? words : most))

/** Layers that run under this CLIP skip; the pooled vector needs them all. */
export const layersRun = (config: ClipTextConfig, isPooled: boolean, clipSkip: number): number =>
  isPooled ? config.num_hidden_layers : config.num_hidden_layers + 1 - clipSkip

/** A skip that leaves at least one layer. */
export const checkSkip = (networks: readonly TextNetwork[], clipSkip: number): Effect.Effect<void, EngineFailure> => {
  const layers = Math.min(...networks.map(({ encoder }) => encoder.config.num_hidden_layers))
  if (clipSkip >= 1 && clipSkip <= layers) return Effect.void
  return inputFailure(
    `CLIP skip ${clipSkip}`,
    `this base model's text encoder has ${layers} layers`,
    `Choose 1 (no skip) to ${layers}`,
  )
}

/** SDXL's UNet takes what only two text encoders give. */
export const checkFamily = ({ config, weights }: Component<UnetConfig>, isPooled: boolean) =>
  isSdxl(config) === isPooled
    ? Effect.void
    : inputFailure(
        weights.file,
        isSdxl(config)
          ? "this UNet of Stable Diffusion XL needs two text encoders, the base model has one"
          : "this UNet takes the states of one text encoder, the base model has two",
        "Use the UNet and the text encoders of one model",
      )
